package embedded

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
)

// ErrStorage is wrapped by the error of a broker that cannot keep what it is sent. What it says of it to its clients tells nobody what to do.
var ErrStorage = errors.New("broker: its data cannot be written")

// failure is the first error of writing to the data directory. The broker tells it in its log alone.
type failure struct {
	dir  string
	once sync.Once
	seen chan struct{} // closed when there is one
	err  error
}

// Logf implements [kfake.Logger]: what is persisted, and cannot be, is a warning with the error.
func (f *failure) Logf(level kfake.LogLevel, format string, args ...any) {
	if f.dir == "" || level != kfake.LogLevelWarn || !strings.HasPrefix(format, "persist") {
		return
	}
	for _, arg := range args {
		if err, ok := arg.(error); ok {
			f.once.Do(func() {
				f.err = storage(f.dir, err)
				close(f.seen)
			})
		}
	}
}

// storage is an error of the data directory, with what can be done.
func storage(dir string, err error) error {
	var all interface{ Unwrap() []error }
	for errors.As(err, &all) && len(all.Unwrap()) > 0 {
		err = all.Unwrap()[0] // of one disk the first tells it all
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w: free space and start again: what was acknowledged is in %q", ErrStorage, err, dir)
	}
	return fmt.Errorf("%w: %w", ErrStorage, err)
}

// Failed is closed when the data directory cannot be written to any more. What the broker acknowledged before is there; it is to be closed.
func (b *Broker) Failed() <-chan struct{} { return b.failure.seen }

// Failure is why [Broker.Failed] is closed, with [ErrStorage]; nil if it is not.
func (b *Broker) Failure() error {
	select {
	case <-b.failure.seen:
		return b.failure.err
	default:
		return nil
	}
}
