package engine

import (
	"iter"
	"slices"

	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/memlog"
	"github.com/eddystream/eddy/topology/internal/sender"
)

// localCoordinator has batches committed by a coordinator of the engine, when the member says so.
type localCoordinator struct {
	coordinator
	m *member
}

// commit implements [coordinator].
func (c localCoordinator) commit(b *batch) { c.m.ready = append(c.m.ready, b) }

func newLocalCoordinator(m *member) localCoordinator {
	s := memlog.Sender{Log: m.l.o.Log, Lost: m.l.lost, Sent: m.l.pause}
	if m.p.delivery == ExactlyOnce {
		return localCoordinator{&exactlyOnce{a: m.a, producers: [producersInTurn]sender.Transactional{&memlog.Transactional{Sender: s}}}, m}
	}
	return localCoordinator{newAtLeastOnce(m.a, &s), m}
}

// commit is a commit that is under way: of one batch at least once, of those that are ready exactly once. It pauses between its steps, and
// others go on meanwhile.
type commit struct {
	m     *member
	next  func() (struct{}, bool)
	yield func(struct{}) bool
	crash int // the step of [crashSteps] at which it crashes, or at the next one that it has; negative: at none
	lost  map[kernel.TopicPartition]bool
}

// crashSteps are the steps at which a commit may crash; the empty one is the middle of the first outputs.
var crashSteps = map[Delivery][]string{
	AtLeastOnce: {"", StepOutputs, StepLast, StepChangelog, StepFired, StepStore, StepOffsets},
	ExactlyOnce: {StepBegin, StepProduced, StepOffsetsAdded, StepEnd, StepStore},
}

// begin has what is ready committed.
func (m *member) begin() {
	switch c := m.a.coordinator.(localCoordinator).coordinator.(type) {
	case *atLeastOnce:
		for _, b := range m.ready {
			m.run(func() {
				c.run(b)
				m.l.pause()
				c.a.offsets.flush(c.a.writing)
			})
		}
		m.ready = nil
	case *exactlyOnce:
		if len(m.ready) > 0 && len(m.commits) == 0 {
			m.run(func() {
				batches := m.ready
				m.ready = nil
				c.runOne(c.producers[0], batches)
			})
		}
	}
}

// run runs a commit, at once or in steps.
func (m *member) run(steps func()) {
	o := &m.l.o
	if o.Rand == nil {
		steps()
		return
	}
	c := &commit{m: m, crash: -1}
	if o.Crashes > 0 && o.Rand.Float64() < o.Crashes {
		c.crash = o.Rand.IntN(len(crashSteps[m.p.delivery]))
	}
	c.next, _ = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		steps()
	})
	m.commits = append(m.commits, c)
}

// resume goes on with a commit to its next pause, and reports whether there is more to do.
func (c *commit) resume() bool {
	l := c.m.l
	l.commit = c
	_, more := c.next()
	l.commit = nil
	if !more {
		c.m.commits = slices.DeleteFunc(c.m.commits, func(other *commit) bool { return other == c })
	}
	return more
}

// pause lets others go on before the commit under way does, now and then.
func (l *Local) pause() {
	if c := l.commit; c != nil && c.m.a.writing.Err() == nil && l.o.Rand.IntN(pauseOneIn) == 0 {
		c.yield(struct{}{})
	}
}

// pauseOneIn is how many places there are where a commit may pause for each at which it does.
const pauseOneIn = 4

// reached is told of a step of a commit.
func (l *Local) reached(step string) {
	c := l.commit
	if c == nil {
		return
	}
	if c.crash >= 0 && slices.Index(crashSteps[c.m.p.delivery], step) >= c.crash {
		c.m.a.end(errCrashed)
	}
	if step != StepOffsets { // others must not wait for a lock
		l.pause()
	}
}

// lost reports whether a record of the commit under way gets lost in a crash: with those behind it in its partition, or all that are left.
func (l *Local) lost(r *sender.Record) bool {
	c := l.commit
	if c == nil || c.crash != 0 {
		return c != nil && c.m.a.writing.Err() != nil
	}
	tp := kernel.TopicPartition{Topic: r.Topic, Partition: r.Partition}
	if !c.lost[tp] && l.o.Rand.IntN(2) == 0 {
		return false
	}
	if c.lost == nil {
		c.lost = map[kernel.TopicPartition]bool{}
	}
	c.lost[tp] = true
	c.m.a.end(errCrashed)
	return true
}
