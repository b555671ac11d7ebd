package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// key is the processes' among a script's values.
type key struct{}

// processes are those that a script started.
type processes struct {
	mu      sync.Mutex
	running map[string]*process
}

type process struct {
	cmd  *exec.Cmd
	done chan error // the exit, once
}

// kill ends what the script left running.
func (p *processes) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, running := range p.running {
		_ = running.cmd.Process.Kill() // it may have ended by itself
		<-running.done
	}
}

func of(ts *testscript.TestScript) *processes { return ts.Value(key{}).(*processes) }

// start runs eddy in the background: start NAME REGEXP ARG…. It returns when a line of the output matches; the
// variable NAME is then what the first group matched.
func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: start NAME REGEXP ARG…")
	}
	ready := regexp.MustCompile(args[1])
	all := of(ts)
	cmd := exec.Command(lookPath(ts), args[2:]...)
	cmd.Dir = ts.Getenv("WORK")
	cmd.Env = []string{"HOME=" + ts.Getenv("WORK"), "TMPDIR=" + ts.Getenv("TMPDIR")}
	out, in, err := os.Pipe()
	ts.Check(err)
	cmd.Stdout, cmd.Stderr = in, in
	ts.Check(cmd.Start())
	ts.Check(in.Close())
	p := &process{cmd: cmd, done: make(chan error, 1)}
	go func() { p.done <- cmd.Wait() }()
	all.mu.Lock()
	all.running[args[0]] = p
	all.mu.Unlock()

	lines := bufio.NewScanner(out)
	for lines.Scan() {
		ts.Logf("%s: %s", args[0], lines.Text())
		if match := ready.FindStringSubmatch(lines.Text()); match != nil {
			if len(match) > 1 {
				ts.Setenv(args[0], match[1])
			}
			go func() {
				_, _ = io.Copy(io.Discard, out) // so that it never waits for us
				_ = out.Close()
			}()
			return
		}
	}
	ts.Fatalf("%s ended without a line that matches %q", args[0], args[1])
}

// lookPath finds eddy where the scripts do.
func lookPath(ts *testscript.TestScript) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if path := filepath.Join(dir, "eddy"); exists(path) {
			return path
		}
	}
	ts.Fatalf("no eddy in %q", ts.Getenv("PATH"))
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// stop asks a process to end, and wants it to do so without an error: stop NAME.
func stop(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: stop NAME")
	}
	all := of(ts)
	all.mu.Lock()
	p := all.running[args[0]]
	delete(all.running, args[0])
	all.mu.Unlock()
	if p == nil {
		ts.Fatalf("%s was not started", args[0])
	}
	ts.Check(p.cmd.Process.Signal(syscall.SIGTERM))
	if err := <-p.done; err != nil {
		ts.Fatalf("%s: %v", args[0], err)
	}
}

// code runs a program and wants an exit code: code N PROGRAM ARG….
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N PROGRAM ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}
