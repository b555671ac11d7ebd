package topologytest

import (
	"errors"
	"iter"
	"time"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// errUnsupported is the error of what this driver does not run.
var errUnsupported = errors.New("topologytest: the driver knows no stores but the table of Persist, no timers and no iteration: run the topology by RunApp")

// unsupported is a store.
type unsupported struct{}

func (unsupported) Get([]byte) (any, bool, error)            { return nil, false, errUnsupported }
func (unsupported) GetMany([][]byte) ([]kernel.Found, error) { return nil, errUnsupported }
func (unsupported) Set([]byte, any) error                    { return errUnsupported }
func (unsupported) Delete([]byte) error                      { return errUnsupported }

func (unsupported) Range(_, _ []byte) iter.Seq2[kernel.Row, error] {
	return func(yield func(kernel.Row, error) bool) { yield(kernel.Row{}, errUnsupported) }
}

// unsupportedTimers are timers.
type unsupportedTimers struct{}

func (unsupportedTimers) Get([]byte) (time.Time, bool, error) {
	return time.Time{}, false, errUnsupported
}
func (unsupportedTimers) Set([]byte, time.Time) error { return errUnsupported }
func (unsupportedTimers) Cancel([]byte) error         { return errUnsupported }
