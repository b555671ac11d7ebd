// Package crashpoint ends a process in the middle of a commit, for tests of what a crash leaves behind.
package crashpoint

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// point is a step of a commit, and how often it may still be passed.
type point struct {
	step string
	left atomic.Int64
}

var armed atomic.Pointer[point]

// Arm has the process killed, as by kill -9, when a step of a commit was done for the nth time: "changelog:3". Empty disarms.
func Arm(at string) error {
	if at == "" {
		armed.Store(nil)
		return nil
	}
	step, times, ok := strings.Cut(at, ":")
	n, err := strconv.ParseInt(times, 10, 64)
	if !ok || err != nil || n < 1 {
		return fmt.Errorf("crash point %q is not step:times", at)
	}
	p := &point{step: step}
	p.left.Store(n)
	armed.Store(p)
	return nil
}

// Reached is what the runtime tells of each step; nil where nothing is armed.
func Reached() func(step string) {
	p := armed.Load()
	if p == nil {
		return nil
	}
	return func(step string) {
		if step == p.step && p.left.Add(-1) == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // the signal is on its way
		}
	}
}
