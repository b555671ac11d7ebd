//go:build unix

package faults

import (
	"context"
	"fmt"

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
		{"none", 2, func(context.Context, *Run) error { return nil }},
		{"zombie", 2, once(paused)},
		{"zombie-load", 3, again(3, paused)},
		{"netcut", 2, once(stalled())},
		{"netcut-load", 3, again(3, stalled())},
		{"heartbeats", 2, once(stalled(kmsg.Heartbeat.Int16(), kmsg.JoinGroup.Int16(), kmsg.SyncGroup.Int16()))},
		{"kill-kept", 2, again(4, killed(false))},
		{"kill-wiped", 2, again(3, killed(true))},
		{"rolling", 3, rolling},
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

// killed kills a worker, which comes back at once, with its data or without.
func killed(wipe bool) outage {
	begin := (*Worker).Kill
	if wipe {
		begin = func(w *Worker, ctx context.Context) error { return inOrder(ctx, w.Kill, w.Wipe) }
	}
	return outage{begin, (*Worker).Start, false}
}

// once takes a worker out at some moment of the flood. It comes back when the others have its partitions: at once, or after they
// have done all that there was to do.
func once(o outage) func(context.Context, *Run) error {
	return func(ctx context.Context, r *Run) error {
		w, others := r.victim()
		steps := []step{r.after(5 + r.Random.IntN(50)), o.of(w), r.whole(others...)}
		if r.Random.IntN(3) > 0 {
			steps = append(steps, r.flooded, r.Settle)
		}
		return inOrder(ctx, append(steps, o.over(w))...)
	}
}

// again takes workers out n times, one after the other, during the flood.
func again(n int, o outage) func(context.Context, *Run) error {
	return func(ctx context.Context, r *Run) error {
		for i := range n {
			w, others := r.victim()
			steps := []step{r.after((5 + r.Random.IntN(80)) * (i + 1) / n), o.of(w)}
			if o.takeover {
				steps = append(steps, r.whole(others...))
			}
			if err := inOrder(ctx, append(steps, o.over(w), r.whole(r.Workers...))...); err != nil {
				return err
			}
		}
		return nil
	}
}

func (o outage) of(w *Worker) step { return func(ctx context.Context) error { return o.begin(w, ctx) } }

func (o outage) over(w *Worker) step { return func(ctx context.Context) error { return o.end(w, ctx) } }

// rolling restarts one worker after the other.
func rolling(ctx context.Context, r *Run) error {
	for i, w := range r.Workers {
		if err := inOrder(ctx, r.after(10+20*i), w.Stop, w.Start, r.whole(r.Workers...)); err != nil {
			return err
		}
	}
	return nil
}
