//go:build unix

package faults

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Worker is one `eddy run` with a data directory and a proxy of its own, which it keeps when it is started again. It is safe for
// concurrent use.
type Worker struct {
	Name  string
	Dir   string // of the local stores
	Proxy *Proxy

	cluster *Cluster

	mu       sync.Mutex
	cmd      *exec.Cmd // nil: it was never started
	ended    chan struct{}
	err      error              // of its end
	expected bool               // somebody ended it, or waits for it to end
	assigned map[string][]int32 // by processor
	changes  []string           // assignments and revocations since the start of the cluster, a line each
	tail     []string           // the last lines of its log
}

// logLine is what is read of a line of a worker's log.
type logLine struct {
	Msg        string  `json:"msg"`
	Processor  string  `json:"processor"`
	Partitions []int32 `json:"partitions"`
}

// Start starts the worker and returns at once. It must not run.
func (w *Worker) Start(ctx context.Context) error { return w.start(ctx, "") }

// start starts the worker; at is empty, or where it is to kill itself: see CrashVariable.
func (w *Worker) start(ctx context.Context, at string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.cluster
	args := []string{
		"run", "--brokers", strings.Join(w.Proxy.Brokers(), ","), "--data", w.Dir, "--partitions", strconv.Itoa(c.Partitions),
		"--session-timeout", c.Session.String(), "--log-format", "json", "--client-id", w.Name,
	}
	if c.Delivery != "" && c.Delivery != AtLeastOnce { // the default
		args = append(args, "--delivery", c.Delivery)
	}
	cmd := exec.Command(c.Eddy, args...) //nolint:noctx,gosec // Kill and Stop end it
	c.watchdog.Adopt(cmd)
	cmd.Dir = filepath.Dir(w.Dir)
	cmd.Env = []string{"HOME=" + cmd.Dir, "TMPDIR=" + os.TempDir(), "GOCOVERDIR=" + os.Getenv("GOCOVERDIR")}
	if at != "" {
		cmd.Env = append(cmd.Env, CrashVariable+"="+at)
	}
	log, err := os.OpenFile(w.LogFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	out, in, err := os.Pipe()
	if err != nil {
		return errors.Join(err, log.Close())
	}
	cmd.Stdout, cmd.Stderr = in, in
	if err := errors.Join(cmd.Start(), in.Close()); err != nil {
		return errors.Join(fmt.Errorf("worker %s: %w", w.Name, err), out.Close(), log.Close())
	}
	ended := make(chan struct{})
	w.cmd, w.ended, w.err, w.expected, w.assigned = cmd, ended, nil, at != "", map[string][]int32{}
	go func() {
		w.read(io.TeeReader(out, log))
		err := cmd.Wait()
		w.mu.Lock()
		w.err, w.assigned = err, nil
		w.mu.Unlock()
		close(ended)
		_, _ = out.Close(), log.Close()
		c.notify()
	}()
	return nil
}

// LogFile is where the worker's log is kept.
func (w *Worker) LogFile() string { return w.Dir + ".log" }

// read follows the worker's log to its end.
func (w *Worker) read(from io.Reader) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line logLine
		_ = json.Unmarshal(lines.Bytes(), &line) // what is no line of the log, such as a panic, is kept for the report
		w.mu.Lock()
		switch line.Msg {
		case "partitions assigned":
			w.assigned[line.Processor] = line.Partitions
			w.changes = append(w.changes, fmt.Sprintf("assigned %s %v", line.Processor, line.Partitions))
		case "partitions revoked":
			delete(w.assigned, line.Processor)
			w.changes = append(w.changes, fmt.Sprintf("revoked %s %v", line.Processor, line.Partitions))
		}
		w.tail = append(w.tail, lines.Text())
		w.tail = w.tail[max(0, len(w.tail)-tailLines):]
		w.mu.Unlock()
		w.cluster.notify()
	}
	_, _ = io.Copy(io.Discard, from) // behind a line that is too long
}

// tailLines is how much of a worker's log a report has.
const tailLines = 15

// Tail returns the last lines of the worker's log.
func (w *Worker) Tail() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.tail, "\n")
}

// Assigned returns the partitions of each processor that the worker says it has.
func (w *Worker) Assigned() map[string][]int32 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.assigned)
}

// Changes returns the assignments and revocations that the worker has logged, a line each, since the cluster was made.
func (w *Worker) Changes() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.changes)
}

// state returns whether the worker runs, and an error if it has ended and nobody wanted that.
func (w *Worker) state() (running bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cmd == nil {
		return false, nil
	}
	select {
	case <-w.ended:
		if w.expected {
			return false, nil
		}
		return false, fmt.Errorf("worker %s ended by itself (%w):\n%s", w.Name, w.err, strings.Join(w.tail, "\n"))
	default:
		return true, nil
	}
}

// signal sends a signal to a worker that runs.
func (w *Worker) signal(s syscall.Signal, ends bool) (<-chan struct{}, error) {
	if running, err := w.state(); err != nil || !running {
		return nil, errors.Join(err, fmt.Errorf("worker %s: %s: it does not run", w.Name, s))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.expected = w.expected || ends
	return w.ended, w.cmd.Process.Signal(s)
}

// Pause stops the process where it is (SIGSTOP).
func (w *Worker) Pause(context.Context) error {
	_, err := w.signal(syscall.SIGSTOP, false)
	return err
}

// Continue lets a paused process go on (SIGCONT).
func (w *Worker) Continue(context.Context) error {
	_, err := w.signal(syscall.SIGCONT, false)
	return err
}

// Kill ends the process at once (SIGKILL), paused or not.
func (w *Worker) Kill(context.Context) error {
	ended, err := w.signal(syscall.SIGKILL, true)
	if err == nil {
		<-ended
	}
	return err
}

// Stop asks the process to end (SIGTERM) and waits until it has. It is an error if it ends with one.
func (w *Worker) Stop(ctx context.Context) error {
	ended, err := w.signal(syscall.SIGTERM, true)
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
	if w.err != nil {
		return fmt.Errorf("worker %s: %w\n%s", w.Name, w.err, strings.Join(w.tail, "\n"))
	}
	return nil
}

// Wipe deletes what the worker has on disk. It must not run.
func (w *Worker) Wipe(context.Context) error { return os.RemoveAll(w.Dir) }

// end kills the process if it still runs, and closes the proxy.
func (w *Worker) end() error {
	if running, _ := w.state(); running {
		return errors.Join(w.Kill(context.Background()), w.Proxy.Close())
	}
	return w.Proxy.Close()
}
