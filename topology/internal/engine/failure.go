package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// ProcessError is what stopped a processor, and at which record.
type ProcessError = kernel.ProcessError

// SendError is a record that was not acknowledged.
type SendError = kernel.SendError

func asProcessError(err error) (*ProcessError, bool) { return errors.AsType[*ProcessError](err) }

// PanicError is a panic of a handler or a codec.
type PanicError struct {
	Value any
	Stack []byte
}

// Error implements error; it contains the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.Value, e.Stack) }

// Reason is the error without the stack.
func (e *PanicError) Reason() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the value of the panic if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// guard calls fn and returns its error, or its panic as one.
func guard(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return fn()
}

// errGoexit is the end of a handler that ended its goroutine.
var errGoexit = errors.New("the handler called runtime.Goexit")

// errStopped is the cause of a run context that ended without an error, and of what is asked of a task after its end.
var errStopped = errors.New("processor is stopping")

// latch keeps the first error and cancels the run with it.
type latch struct {
	cancel context.CancelCauseFunc

	mu  sync.Mutex
	err error
}

// set keeps err if it is the first.
func (l *latch) set(err error) {
	l.mu.Lock()
	first := l.err == nil
	if first {
		l.err = err
	}
	l.mu.Unlock()
	if first {
		l.cancel(err)
	}
}

// get returns the first error.
func (l *latch) get() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}
