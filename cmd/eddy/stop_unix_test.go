//go:build unix

package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// child is a command that runs as a process of its own.
type child struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines lines
	done  chan struct{} // closed when it has ended
}

// lines takes what a process prints, and lets somebody wait for a part of it.
type lines struct {
	got  chan []byte
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.got <- bytes.Clone(p)
	return len(p), nil
}

// begin starts eddy, which is this test's own program under that name.
func begin(t *testing.T, args ...string) *child {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "eddy")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, cmd: exec.Command(path, args...), lines: lines{got: make(chan []byte, 1<<16)}, done: make(chan struct{})}
	c.cmd.Dir, c.cmd.Env = dir, []string{"HOME=" + dir, "TMPDIR=" + dir}
	c.cmd.Stdout, c.cmd.Stderr = &c.lines, &c.lines
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.done)
		_ = c.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		<-c.done
	})
	return c
}

// await waits until the process has printed a text, and returns what follows it in its line.
func (c *child) await(text string) string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	for {
		if _, rest, ok := strings.Cut(c.lines.text.String(), text); ok && strings.Contains(rest, "\n") {
			line, _, _ := strings.Cut(rest, "\n")
			return line
		}
		select {
		case p := <-c.lines.got:
			c.lines.text.Write(p)
		case <-c.done:
			_, printed := c.end()
			c.t.Fatalf("it ended before it printed %q:\n%s", text, printed)
		case <-ctx.Done():
			c.t.Fatalf("%q is not printed:\n%s", text, c.lines.text.String())
		}
	}
}

func (c *child) signal(s syscall.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

// end waits for the end of the process, and returns how it ended and what it printed.
func (c *child) end() (state *os.ProcessState, printed string) {
	c.t.Helper()
	select {
	case <-c.done:
	case <-time.After(time.Minute):
		c.t.Fatal("it does not end")
	}
	close(c.lines.got)
	for p := range c.lines.got {
		c.lines.text.Write(p)
	}
	return c.cmd.ProcessState, c.lines.text.String()
}

// A worker ends when it is asked to, whatever its broker does.
func TestWorkerStopsWithoutItsBroker(t *testing.T) {
	t.Parallel()
	work := func(t *testing.T, brokers, drain string) *child {
		t.Helper()
		return begin(t, "run", "--brokers", brokers, "--data", t.TempDir(), "--partitions", "2", "--drain-timeout", drain)
	}

	frozen := func(t *testing.T, drain string) *child {
		t.Helper()
		broker := begin(t, "broker", "--data", t.TempDir(), "--listen", "127.0.0.1:0")
		worker := work(t, strings.TrimSpace(broker.await("brokers ")), drain)
		worker.await("msg=ready")
		broker.signal(syscall.SIGSTOP)
		return worker
	}

	t.Run("frozen", func(t *testing.T) {
		t.Parallel()
		worker := frozen(t, "1s")
		worker.signal(syscall.SIGTERM)
		state, printed := worker.end()
		wantWords(t, state, printed, "the brokers do not answer")
	})

	t.Run("frozen, asked twice", func(t *testing.T) {
		t.Parallel()
		worker := frozen(t, "50s")
		again := time.NewTicker(10 * time.Millisecond)
		defer again.Stop()
		for ended := false; !ended; {
			select {
			case <-worker.done:
				ended = true
			case <-again.C: // signals that come at once are one
				_ = worker.cmd.Process.Signal(syscall.SIGTERM)
			}
		}
		state, _ := worker.end()
		if w, ok := state.Sys().(syscall.WaitStatus); !ok || !w.Signaled() || w.Signal() != syscall.SIGTERM {
			t.Errorf("it ended with %s, want by the signal", state)
		}
	})

	t.Run("never answers", func(t *testing.T) {
		t.Parallel()
		address, connected := mute(t)
		worker := work(t, address, "1s")
		wait(t, connected)
		worker.signal(syscall.SIGTERM)
		if state, printed := worker.end(); state.ExitCode() != 0 || !strings.Contains(printed, "msg=stopped") {
			t.Errorf("%s, want that it stopped: it had begun nothing\n%s", state, printed)
		}
	})
}

// wantWords wants exit code 1 and one line that says why.
func wantWords(t *testing.T, state *os.ProcessState, printed, want string) {
	t.Helper()
	var words []string
	for line := range strings.Lines(printed) {
		if strings.HasPrefix(line, "eddy: ") || strings.HasPrefix(line, "panic: ") {
			words = append(words, line)
		}
	}
	if state.ExitCode() != 1 || len(words) != 1 || !strings.Contains(words[0], want) {
		t.Errorf("%s, want exit code 1 and one line with %q:\n%s", state, want, printed)
	}
}

// mute is the address of a server that takes connections and says nothing; the channel is closed when it has one.
func mute(t *testing.T) (address string, connected <-chan struct{}) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	has := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			if n == 0 {
				close(has)
			}
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String(), has
}

func wait(t *testing.T, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(time.Minute):
		t.Fatal("it does not come")
	}
}
