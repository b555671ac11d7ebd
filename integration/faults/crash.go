//go:build unix

package faults

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"time"
)

// CrashVariable is the environment variable that lets a worker kill itself when it has done a step of a commit for the n-th time:
// "STEP:N". It works only in a command that is built with the tag kafka.
const CrashVariable = "EDDY_CRASH_AT"

// commitSteps returns the steps of a commit, in their order.
func commitSteps(delivery string) []string {
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
	for _, at := range commitSteps(r.Delivery) {
		w, _ := r.victim()
		at = fmt.Sprintf("%s:%d", at, 1+r.Random.IntN(12))
		err := inOrder(ctx, r.flood.more(r.Random.IntN(2000)), w.Stop,
			func(ctx context.Context) error { return w.start(ctx, at) },
			w.dies, w.Start, r.whole(r.Workers...))
		if err != nil {
			return fmt.Errorf("%s=%s: %w", CrashVariable, at, err)
		}
	}
	return r.flood.end(ctx)
}

// dies waits until the worker has killed itself. It is an error if it ends otherwise, or does not.
func (w *Worker) dies(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, crashWithin)
	defer cancel()
	w.mu.Lock()
	ended := w.ended
	w.mu.Unlock()
	select {
	case <-ended:
	case <-ctx.Done():
		return fmt.Errorf("worker %s does not kill itself: %w", w.Name, ctx.Err())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if status, ok := w.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		return fmt.Errorf("worker %s ended otherwise than by killing itself: %s\n%s", w.Name, w.cmd.ProcessState, strings.Join(w.tail, "\n"))
	}
	return nil
}
