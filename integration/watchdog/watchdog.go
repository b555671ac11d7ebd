//go:build unix

// Package watchdog ends the programs that a test started when the test has died.
package watchdog

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// Watchdog ends programs whose owner has died: killed, by a panic, or by a test's timeout, where no deferred call runs. They share a
// process group, and two small programs read from a pipe whose other end only the owner holds: one is the leader of the group, which
// is there before the first of them and needs no list of them; the other one is outside, and kills the group when the pipe ends. So
// no moment is left in which one would stay. Ctrl-C of a terminal goes to the owner's group: it is for the owner to stop them.
type Watchdog struct {
	leader *exec.Cmd
	guard  *exec.Cmd
	pipe   *os.File
}

// guardScript has as arguments the group, and the folder to remove, or nothing.
const guardScript = `read -r _; kill -s KILL -- "-$1"; [ -z "$2" ] || rm -rf -- "$2"`

// Watch starts a watchdog. At the end it removes the folder temporary, if that is not empty. The caller closes it.
func Watch(temporary string) (_ *Watchdog, err error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	w := &Watchdog{leader: watcher(read, "/bin/sh", "-c", "read -r _"), pipe: write}
	if err := w.leader.Start(); err != nil {
		return nil, errors.Join(err, read.Close(), write.Close())
	}
	w.guard = watcher(read, "/bin/sh", "-c", guardScript, "sh", strconv.Itoa(w.leader.Process.Pid), temporary)
	if err := errors.Join(w.guard.Start(), read.Close()); err != nil {
		return nil, errors.Join(err, write.Close(), w.leader.Wait())
	}
	return w, nil
}

// watcher returns a command in a process group of its own that reads from the pipe.
func watcher(pipe *os.File, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...) //nolint:gosec,noctx // scripts of ours, with what differs as arguments; they end with the pipe
	cmd.Stdin = pipe
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// Adopt makes a command that was not started yet one of the group.
func (w *Watchdog) Adopt(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: w.leader.Process.Pid}
}

// Close ends what is left of the group, and removes the folder.
func (w *Watchdog) Close() error {
	errs := []error{w.pipe.Close()}
	for _, cmd := range []*exec.Cmd{w.guard, w.leader} {
		// The leader ends by itself or is killed, and the guard may have found nobody to kill.
		if err := cmd.Wait(); err != nil {
			if _, status := errors.AsType[*exec.ExitError](err); !status {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}
