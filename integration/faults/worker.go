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
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Worker is one program that runs the pipeline, with a data directory and a proxy of its own, which it keeps when it is started again. It is
// safe for concurrent use.
type Worker struct {
	Name  string
	Dir   string // of the local stores
	Proxy *Proxy

	cluster *Cluster
	mounted bool

	mu       sync.Mutex
	cmd      *exec.Cmd // nil: it was never started
	ended    chan struct{}
	err      error              // of its end
	expected bool               // somebody ended it, or waits for it to end
	reviving bool               // it has ended by itself, and is about to be started again
	ends     int                // how often, since somebody started it
	total    int                // the same since the start of the cluster
	assigned map[string][]int32 // by processor
	changes  []string           // assignments and revocations since the start of the cluster, a line each
	tail     []string           // the last lines of its log
	final    []string           // lines from that on in which it says why it ends
	halted   string             // the error of a processor that has stopped while the others go on
}

// logLine is what is read of a line of a worker's log.
type logLine struct {
	Msg        string  `json:"msg"`
	Processor  string  `json:"processor"`
	Partitions []int32 `json:"partitions"`
	Error      string  `json:"error"`
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
	w.reviving, w.ends = false, 0
	return w.launch(at)
}

// launch starts the process. The caller holds the lock.
func (w *Worker) launch(at string) error {
	if w.cmd != nil {
		select {
		case <-w.ended:
		default:
			return fmt.Errorf("worker %s runs already", w.Name)
		}
	}
	c := w.cluster
	path, args := c.pipeline.program()
	args = append(args,
		"--brokers", strings.Join(w.Proxy.Brokers(), ","), "--data", w.Dir, "--partitions", strconv.Itoa(partitions),
		"--session-timeout", session.String(), "--client-id", w.Name, "--delivery", c.Delivery)
	if c.Secure {
		args = append(args, "--sasl-user", user, "--sasl-mechanism", "PLAIN", "--sasl-plaintext")
	}
	cmd := exec.Command(path, args...) //nolint:noctx,gosec // Kill and Stop end it
	c.watchdog.Adopt(cmd)
	cmd.Dir = filepath.Dir(w.Dir)
	cmd.Env = []string{"HOME=" + cmd.Dir, "TMPDIR=" + os.TempDir(), "GOCOVERDIR=" + os.Getenv("GOCOVERDIR")}
	if c.Secure {
		cmd.Env = append(cmd.Env, "EDDY_SASL_PASSWORD="+password)
	}
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
	w.final, w.halted = nil, ""
	go func() {
		w.read(io.TeeReader(out, log))
		err := cmd.Wait()
		_, _ = out.Close(), log.Close()
		w.mu.Lock()
		w.err, w.assigned = err, nil
		close(ended)
		if w.forgiven() {
			c.revived.Go(w.revive)
		}
		w.mu.Unlock()
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
		case "processor stops, the others go on":
			w.halted = line.Error
		}
		w.tail = append(w.tail, lines.Text())
		w.tail = w.tail[max(0, len(w.tail)-tailLines):]
		if lastWords.MatchString(lines.Text()) || len(w.final) > 0 && len(w.final) < tailLines {
			w.final = append(w.final, lines.Text())
		}
		w.mu.Unlock()
		w.cluster.notify()
	}
	_, _ = io.Copy(io.Discard, from) // behind a line that is too long
}

// tailLines is how much of a worker's log a report has.
const tailLines = 15

// lastWords is how a line begins in which a worker says why it ends.
var lastWords = regexp.MustCompile(`^(eddy|counter|panic|fatal error): `)

// words returns why the worker ended, as it said, or else the last line of its log. The caller holds the lock.
func (w *Worker) words() string {
	switch {
	case len(w.final) > 0:
		return strings.Join(w.final, "\n")
	case w.halted != "":
		return w.halted
	}
	return strings.Join(w.tail[max(0, len(w.tail)-1):], "\n")
}

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
