package engine

import (
	"fmt"
	"sync/atomic"
)

// state is where a task is in its life.
//
//	created ──▶ restoring ──▶ running ──▶ draining ──▶ closed
//	   │            │                                    ▲
//	   └────────────┴────────────────────────────────────┘
//
// A task is created when its partition is assigned. It is restoring while its tables are brought to their ends, running while it
// processes, and draining when it takes no further record but may still commit. Once it is closed nothing of it is committed.
type state int32

const (
	created state = iota
	restoring
	running
	draining
	closed
)

// String implements [fmt.Stringer].
func (s state) String() string {
	return [...]string{"created", "restoring", "running", "draining", "closed"}[s]
}

// next are the states that may follow.
var next = [...][]state{
	created:   {restoring, running, closed},
	restoring: {running, closed},
	running:   {draining, closed},
	draining:  {closed},
	closed:    {},
}

// lifecycle is the state of a task. It is safe for concurrent use.
type lifecycle struct{ at atomic.Int32 }

func (l *lifecycle) state() state { return state(l.at.Load()) }

// to changes the state. To be where one is, or past it, is no change; a step that the diagram does not have is a mistake of the
// engine's, and panics.
func (l *lifecycle) to(s state) {
	for {
		at := l.state()
		if at >= s {
			return
		}
		allowed := false
		for _, n := range next[at] {
			allowed = allowed || n == s
		}
		if !allowed {
			panic(fmt.Sprintf("task goes from %s to %s", at, s))
		}
		if l.at.CompareAndSwap(int32(at), int32(s)) {
			return
		}
	}
}
