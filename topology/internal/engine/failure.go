package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
)

// ProcessError is what stopped a processor, and at which record.
type ProcessError struct {
	Processor string
	// Topic, Partition and Offset are those of the input record. Where an acknowledgement or the changelog failed for a whole
	// batch, Topic is the topic that was written and Offset is -1.
	Topic     string
	Partition int32
	Offset    int64
	Key       []byte
	Err       error
}

// Error implements error.
func (e *ProcessError) Error() string {
	var at strings.Builder
	fmt.Fprintf(&at, "processor %q", e.Processor)
	if e.Topic != "" {
		fmt.Fprintf(&at, ", topic %q partition %d", e.Topic, e.Partition)
		if e.Offset >= 0 {
			fmt.Fprintf(&at, " offset %d", e.Offset)
		}
	}
	if e.Key != nil {
		fmt.Fprintf(&at, " key %q", e.Key)
	}
	return fmt.Sprintf("%s: %v", at.String(), e.Err)
}

// Unwrap returns the cause.
func (e *ProcessError) Unwrap() error { return e.Err }

// SendError is a record that was not acknowledged.
type SendError struct {
	Topic     string
	Partition int32
	Err       error
}

// Error implements error.
func (e *SendError) Error() string {
	return fmt.Sprintf("send to topic %q partition %d: %v", e.Topic, e.Partition, e.Err)
}

// Unwrap returns the cause.
func (e *SendError) Unwrap() error { return e.Err }

// PanicError is a panic of a handler or a codec.
type PanicError struct {
	Value any
	Stack []byte
}

// Error implements error; it contains the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.Value, e.Stack) }

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
