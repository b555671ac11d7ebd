//go:build unix

package faults

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Schedule is what is done to the workers while they work.
type Schedule struct {
	Name    string
	Workers int
	// Do returns when what it did is over and every worker runs.
	Do func(context.Context, *Run) error
}

// Schedules returns all of them.
func Schedules() []Schedule {
	return []Schedule{
		{"none", 2, func(ctx context.Context, r *Run) error { return inOrder(ctx, r.flood.start, r.flood.more(10_000)) }},
		{"zombie", 2, once(paused)},
		{"zombie-load", 3, again(2, paused)},
		{"netcut", 2, once(stalled())},
		{"netcut-load", 3, again(2, stalled())},
		{"heartbeats", 2, once(stalled(kmsg.Heartbeat.Int16(), kmsg.JoinGroup.Int16(), kmsg.SyncGroup.Int16()))},
		{"kill-kept", 2, again(3, killed(false))},
		{"kill-wiped", 2, again(2, killed(true))},
		{"cut", 2, once(cut)},
		{"slow", 2, once(slow)},
		{"rolling", 3, rolling},
		{"crash", 2, crash},
	}
}

// ScheduleNamed returns the schedule of that name.
func ScheduleNamed(name string) (Schedule, error) {
	for _, s := range Schedules() {
		if s.Name == name {
			return s, nil
		}
	}
	return Schedule{}, fmt.Errorf("no schedule %q", name)
}

// outage takes a worker out and brings it back.
type outage struct {
	begin, end func(*Worker, context.Context) error
	// takeover says that the others get its partitions before it comes back.
	takeover bool
}

// paused stops a process and lets it go on.
var paused = outage{(*Worker).Pause, (*Worker).Continue, true}

// stalled holds what a worker sends and gets, or only the connections that carry such requests, and delivers it late.
func stalled(keys ...int16) outage {
	return outage{
		func(w *Worker, _ context.Context) error { w.Proxy.Stall(keys...); return nil },
		func(w *Worker, _ context.Context) error { w.Proxy.Resume(); return nil },
		true,
	}
}

// cut breaks a worker's connections and answers no new ones.
var cut = outage{
	func(w *Worker, _ context.Context) error { w.Proxy.Cut(); return nil },
	func(w *Worker, _ context.Context) error { w.Proxy.Resume(); return nil },
	true,
}

// slow makes all that a worker sends and gets late, and takes it out no more than that.
var slow = outage{
	func(w *Worker, _ context.Context) error { w.Proxy.Slow(100 * time.Millisecond); return nil },
	func(w *Worker, _ context.Context) error { w.Proxy.Resume(); return nil },
	false,
}

// killed kills a worker, which comes back at once, with its data or without.
func killed(wipe bool) outage {
	begin := (*Worker).Kill
	if wipe {
		begin = func(w *Worker, ctx context.Context) error { return inOrder(ctx, w.Kill, w.Wipe) }
	}
	return outage{begin, (*Worker).Start, false}
}

// once takes a worker out at some moment of a flood. It comes back when the others have its partitions: at once, after they have
// worked on, or when they have done all that there was to do.
func once(o outage) func(context.Context, *Run) error {
	return func(ctx context.Context, r *Run) error {
		w, others := r.victim()
		steps := []step{r.flood.start, r.flood.more(500 + r.Random.IntN(5000)), o.of(w)}
		if o.takeover {
			steps = append(steps, r.whole(others...))
		}
		switch r.Random.IntN(4) {
		case 0:
		case 1:
			steps = append(steps, r.flood.more(r.Random.IntN(5000)), r.flood.end)
		default:
			steps = append(steps, r.flood.more(r.Random.IntN(5000)), r.flood.end, r.Settle)
		}
		return inOrder(ctx, append(steps, o.over(w), r.flood.end)...)
	}
}

// again takes workers out n times, one after the other, during a flood.
func again(n int, o outage) func(context.Context, *Run) error {
	return func(ctx context.Context, r *Run) error {
		steps := []step{r.flood.start}
		for range n {
			w, others := r.victim()
			steps = append(steps, r.flood.more(500+r.Random.IntN(4000)), o.of(w))
			if o.takeover {
				steps = append(steps, r.whole(others...))
			}
			steps = append(steps, o.over(w), r.whole(r.Workers...))
		}
		return inOrder(ctx, append(steps, r.flood.end)...)
	}
}

func (o outage) of(w *Worker) step { return func(ctx context.Context) error { return o.begin(w, ctx) } }

func (o outage) over(w *Worker) step { return func(ctx context.Context) error { return o.end(w, ctx) } }

// rolling restarts one worker after the other.
func rolling(ctx context.Context, r *Run) error {
	steps := []step{r.flood.start}
	for _, w := range r.Workers {
		steps = append(steps, r.flood.more(500+r.Random.IntN(4000)), w.Stop, w.Start, r.whole(r.Workers...))
	}
	return inOrder(ctx, append(steps, r.flood.end)...)
}
