package bench

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
)

// Profiles are the files that a run's profiles go to; an empty name is none.
type Profiles struct {
	CPU   string // of the whole run
	Heap  string // what is in memory, and what was allocated so far, when the cascades are done and the pipeline still runs
	Trace string // of the cascades
}

// startCPU profiles until the function it returns is called.
func (p Profiles) startCPU() (stop func() error, err error) {
	return into(p.CPU, pprof.StartCPUProfile, pprof.StopCPUProfile)
}

// startTrace traces until the function it returns is called.
func (p Profiles) startTrace() (stop func() error, err error) {
	return into(p.Trace, trace.Start, trace.Stop)
}

// into starts to write to the file of that name; what it returns ends that.
func into(name string, start func(io.Writer) error, end func()) (stop func() error, err error) {
	if name == "" {
		return func() error { return nil }, nil
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err == nil {
		err = start(f)
	}
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	return func() error {
		end()
		return f.Close()
	}, nil
}

// heap writes the heap profile.
func (p Profiles) heap() error {
	if p.Heap == "" {
		return nil
	}
	f, err := os.OpenFile(p.Heap, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	runtime.GC() // up-to-date figures
	return errors.Join(pprof.Lookup("heap").WriteTo(f, 0), f.Close())
}
