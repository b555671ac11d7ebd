//go:build unix

package faults

import (
	"context"
	"fmt"
	"time"
)

// CrashVariable is the environment variable that lets a worker kill itself when it has done a step of a commit for the n-th time:
// "STEP:N". It works only in a command that is built with the tag kafka.
const CrashVariable = "EDDY_CRASH_AT"

// Steps returns the steps of a commit, in their order.
func Steps(delivery string) []string {
	if delivery == ExactlyOnce {
		return []string{"begin", "produced", "offsets-added", "end", "store"}
	}
	return []string{"outputs", "changelog", "store", "offsets"}
}

// crashWithin bounds the wait for a worker to reach a step.
const crashWithin = 45 * time.Second

// crash lets workers kill themselves behind each step of a commit, and start again.
func crash(ctx context.Context, r *Run) error {
	if err := inOrder(ctx, r.flood.start); err != nil {
		return err
	}
	for _, at := range Steps(r.Delivery) {
		w, _ := r.victim()
		armed := fmt.Sprintf("%s=%s:%d", CrashVariable, at, 1+r.Random.IntN(12))
		err := inOrder(ctx, r.flood.more(r.Random.IntN(2000)), w.Stop,
			func(ctx context.Context) error { return w.StartWith(ctx, armed) },
			w.dies, w.Start, r.whole(r.Workers...))
		if err != nil {
			return fmt.Errorf("%s: %w", armed, err)
		}
	}
	return r.flood.end(ctx)
}

// dies waits until the worker has killed itself.
func (w *Worker) dies(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, crashWithin)
	defer cancel()
	return w.Killed(ctx)
}
