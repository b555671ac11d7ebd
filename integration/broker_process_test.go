package integration_test

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// buildEddy builds the command.
func buildEddy(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "eddy")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", path, "../cmd/eddy")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// process is a command that runs in the background.
type process struct {
	t    *testing.T
	name string
	cmd  *exec.Cmd
	log  strings.Builder // until it was ready
	tail []string        // the last lines since then, to be read by words
	read chan struct{}   // closed when all of its output was read
	done chan struct{}   // closed when it has ended
	err  error           // of its end
}

// begin starts a command and waits for a line of its output that matches; it returns the first group of the match, if
// there is one. The process is killed at the end of the test, if it still runs.
func begin(t *testing.T, ready, path string, args ...string) (*process, string) {
	t.Helper()
	p := &process{t: t, name: args[0], cmd: exec.Command(path, args...), read: make(chan struct{}), done: make(chan struct{})}
	dir := t.TempDir()
	p.cmd.Dir, p.cmd.Env = dir, []string{"HOME=" + dir, "TMPDIR=" + dir}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout, p.cmd.Stderr = in, in
	if err := errors.Join(p.cmd.Start(), in.Close()); err != nil {
		t.Fatal(err)
	}
	found := make(chan []string, 1)
	go func() {
		defer close(p.read)
		defer close(found)
		lines, match := bufio.NewScanner(out), regexp.MustCompile(ready)
		for lines.Scan() {
			p.log.WriteString(lines.Text() + "\n")
			if groups := match.FindStringSubmatch(lines.Text()); groups != nil {
				found <- groups
				break
			}
		}
		for lines.Scan() { // so that it never waits for us
			p.tail = append(p.tail, lines.Text())
			p.tail = p.tail[max(0, len(p.tail)-50):]
		}
		_, _ = io.Copy(io.Discard, out) // behind a line that is too long
		_ = out.Close()
	}()
	go func() {
		defer close(p.done)
		p.err = p.cmd.Wait()
	}()
	t.Cleanup(p.kill)
	select {
	case groups, ok := <-found:
		if !ok {
			t.Fatalf("eddy %s ended:\n%s", p.name, p.log.String())
		}
		return p, groups[len(groups)-1]
	case <-time.After(time.Minute):
		t.Fatalf("eddy %s is not ready", p.name)
		return nil, ""
	}
}

// words waits until a process that was ready has ended, and returns its exit code, -1 for a signal's, and the lines in which it says why.
func (p *process) words(within time.Duration) (code int, lines []string) {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(within):
		p.t.Fatalf("eddy %s has not ended after %s", p.name, within)
	}
	<-p.read
	for _, line := range p.tail {
		if strings.HasPrefix(line, "eddy: ") || strings.HasPrefix(line, "panic: ") {
			lines = append(lines, line)
		}
	}
	return p.cmd.ProcessState.ExitCode(), lines
}

// kill ends the process at once: it has no time to finish anything.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended by itself
	<-p.done
}

// interrupt asks the process to end and waits until it has; an error is the test's.
func (p *process) interrupt() {
	p.t.Helper()
	p.signal(os.Interrupt)
	if <-p.done; p.err != nil {
		p.t.Errorf("eddy %s: %v", p.name, p.err)
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Error(err)
	}
}
