package cli

import (
	"context"
	"errors"

	"github.com/eddystream/eddy/topology"
)

// Exit codes; the help text lists them.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitInput       = 3
	exitNotFound    = 4
	exitNotReady    = 5
	exitInterrupted = 130
)

// codedError ends the program with its code.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

// loggedError has been told in the log, and is not told again.
type loggedError struct{ err error }

func (e *loggedError) Error() string { return e.err.Error() }
func (e *loggedError) Unwrap() error { return e.err }

func coded(code int, err error) error {
	if err == nil {
		return nil
	}
	return &codedError{code: code, err: err}
}

func usageError(err error) error { return coded(exitUsage, err) }

// exitCode returns the code for an error; ctx tells whether the user ended the command.
func exitCode(ctx context.Context, err error) int {
	if c, ok := errors.AsType[*codedError](err); ok {
		return c.code
	}
	switch {
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, topology.ErrNoTopic):
		return exitNotFound
	}
	return exitError
}
