//go:build unix

package faults

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"time"
)

// What is said of workers that are killed.
const (
	kept     = "data kept"
	wiped    = "data wiped"
	oneWiped = "data of the first wiped"
)

// kill kills workers, all at once.
func kill(ctx context.Context, r *Run, s Step) error {
	workers := r.workers(s)
	if err := each(ctx, workers, func(ctx context.Context, w *Worker) error { return w.Kill(ctx) }); err != nil {
		return err
	}
	switch s.What {
	case wiped:
		return each(ctx, workers, func(ctx context.Context, w *Worker) error { return w.Wipe(ctx) })
	case oneWiped:
		return workers[0].Wipe(ctx)
	}
	return nil
}

// leave stops workers for good, and join starts others.
func leave(ctx context.Context, r *Run, s Step) error {
	for _, w := range r.workers(s) {
		r.up[w] = false
	}
	return r.Stop(ctx, r.workers(s)...)
}

func join(ctx context.Context, r *Run, s Step) error {
	for _, w := range r.workers(s) {
		r.up[w] = true
	}
	return start(ctx, r, s)
}

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

// crash lets a worker kill itself behind a step of a commit, and start again.
func crash(ctx context.Context, r *Run, s Step) error {
	for _, w := range r.workers(s) {
		err := inOrder(ctx, w.Stop, func(ctx context.Context) error { return w.start(ctx, s.What) }, w.dies, w.Start)
		if err != nil {
			return fmt.Errorf("%s=%s: %w", CrashVariable, s.What, err)
		}
	}
	return nil
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
		return fmt.Errorf("worker %s does not kill itself: %w\n%s", w.Name, ctx.Err(), w.Tail())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if status, ok := w.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		return fmt.Errorf("worker %s ended otherwise than by killing itself: %s\n%s", w.Name, w.cmd.ProcessState, strings.Join(w.tail, "\n"))
	}
	return nil
}
