//go:build unix

package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// EndedError is that of a worker that ended, or one of whose processors did, and was not to.
type EndedError struct {
	Worker string
	Words  string // its last: an error or a panic
	Log    string // the last lines
	Err    error  // of its process; nil: it goes on, without some processor
}

func (e *EndedError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("a processor of worker %s ended by itself (%s):\n%s", e.Worker, e.Words, e.Log)
	}
	return fmt.Sprintf("worker %s ended by itself (%v):\n%s", e.Worker, e.Err, e.Log)
}

// Unwrap returns the error of the process.
func (e *EndedError) Unwrap() error { return e.Err }

// forgiveness is how often a worker may end by itself after it was started.
const forgiveness = 5

// state returns whether the worker runs, and an error if it has ended and nobody wanted that.
func (w *Worker) state() (running bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cmd == nil {
		return false, nil
	}
	select {
	case <-w.ended:
		if w.expected || w.reviving {
			return false, nil
		}
		return false, &EndedError{Worker: w.Name, Words: w.words(), Err: w.err, Log: strings.Join(w.tail, "\n")}
	default:
		if w.halted != "" && !w.expected {
			return true, &EndedError{Worker: w.Name, Words: w.words(), Log: strings.Join(w.tail, "\n")}
		}
		return true, nil
	}
}

// forgiven reports whether the worker, which has ended, is to be started again. The caller holds the lock.
func (w *Worker) forgiven() bool {
	forgive := w.cluster.Forgive
	if w.expected || forgive == nil || w.ends >= forgiveness || !forgive(w, w.words()) {
		return false
	}
	w.ends++
	w.total++
	w.reviving = true
	return true
}

// revive starts a worker again some time after it has ended, as a supervisor does.
func (w *Worker) revive() {
	select {
	case <-time.After(time.Second):
	case <-w.cluster.closing:
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.reviving {
		return // somebody else decides
	}
	w.reviving = false
	if err := w.launch(""); err != nil {
		w.err = err
	}
}

// signal sends a signal to a worker, which has to run or to be on its way to.
func (w *Worker) signal(ctx context.Context, s syscall.Signal, ends bool) (<-chan struct{}, error) {
	w.mu.Lock()
	if ends && w.reviving {
		w.reviving, w.expected = false, true
		defer w.mu.Unlock()
		return w.ended, nil
	}
	reviving := w.reviving
	w.mu.Unlock()
	if reviving {
		err := w.cluster.await(ctx, w.Name+" to be started again", func() bool {
			running, _ := w.state()
			return running
		})
		if err != nil {
			return nil, err
		}
	}
	if running, err := w.state(); err != nil || !running {
		return nil, errors.Join(err, fmt.Errorf("worker %s: %s: it does not run", w.Name, s))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.expected = w.expected || ends
	err := w.cmd.Process.Signal(s)
	if ends && errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	return w.ended, err
}

// Pause stops the process where it is (SIGSTOP).
func (w *Worker) Pause(ctx context.Context) error {
	_, err := w.signal(ctx, syscall.SIGSTOP, false)
	return err
}

// Continue lets a paused process go on (SIGCONT).
func (w *Worker) Continue(ctx context.Context) error {
	_, err := w.signal(ctx, syscall.SIGCONT, false)
	return err
}

// Kill ends the process at once (SIGKILL), paused or not.
func (w *Worker) Kill(ctx context.Context) error {
	ended, err := w.signal(ctx, syscall.SIGKILL, true)
	if err == nil {
		<-ended
	}
	return err
}

// halt kills the process if it runs, and keeps it from being started again by itself.
func (w *Worker) halt() error {
	w.mu.Lock()
	w.expected, w.reviving = true, false
	cmd, ended := w.cmd, w.ended
	w.mu.Unlock()
	if cmd == nil {
		return nil
	}
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-ended
	return nil
}

// Stop asks the process to end (SIGTERM) and waits until it has. It is an error if it ends with one that is not forgiven.
func (w *Worker) Stop(ctx context.Context) error {
	ended, err := w.signal(ctx, syscall.SIGTERM, true)
	if err != nil {
		return err
	}
	select {
	case <-ended:
	case <-ctx.Done():
		return fmt.Errorf("worker %s does not stop: %w", w.Name, ctx.Err())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if forgive := w.cluster.Forgive; w.err != nil && (forgive == nil || !forgive(w, w.words())) {
		return &EndedError{Worker: w.Name, Words: w.words(), Err: w.err, Log: strings.Join(w.tail, "\n")}
	}
	return nil
}

// Expect lets the worker end by itself from now on, until it is started again.
func (w *Worker) Expect() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.expected = true
}

// over reports whether the worker has ended, or one of its processors.
func (w *Worker) over() bool {
	running, _ := w.state()
	w.mu.Lock()
	defer w.mu.Unlock()
	return !running || w.halted != ""
}

// endsWithin bounds the wait for a worker that has to end.
const endsWithin = 90 * time.Second

// last waits for one of the workers to end by itself, or one of its processors, and returns its last words. All of them may from now on.
func (c *Cluster) last(ctx context.Context, workers ...*Worker) (words string, err error) {
	ctx, cancel := context.WithTimeout(ctx, endsWithin)
	defer cancel()
	for _, w := range workers {
		w.Expect()
	}
	err = c.await(ctx, "a worker to end", func() bool { return slices.ContainsFunc(workers, (*Worker).over) })
	if err != nil {
		return "", err
	}
	ended := workers[slices.IndexFunc(workers, (*Worker).over)]
	ended.mu.Lock()
	defer ended.mu.Unlock()
	return ended.words(), nil
}

// Ends is how often the worker ended by itself and was started again, since the start of the cluster.
func (w *Worker) Ends() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.total
}

// Wipe deletes what the worker has on disk. It must not run.
func (w *Worker) Wipe(context.Context) error {
	files, err := filepath.Glob(filepath.Join(w.Dir, "*")) // the folder itself may be a disk of its own
	for _, f := range files {
		err = errors.Join(err, os.RemoveAll(f))
	}
	return err
}

// tracedWithin is how long a process may take to write its goroutines to its log.
const tracedWithin = 5 * time.Second

// end kills the process if it still runs, and closes the proxy. What it was at is the last that is in its log.
func (w *Worker) end() error {
	var err error
	if running, _ := w.state(); running {
		_ = w.Continue(context.Background()) // if it is paused
		if ended, err := w.signal(context.Background(), syscall.SIGQUIT, true); err == nil {
			select {
			case <-ended:
			case <-time.After(tracedWithin):
			}
		}
	}
	if running, _ := w.state(); running {
		err = w.Kill(context.Background())
	}
	return errors.Join(err, w.unmount(), w.Proxy.Close())
}
