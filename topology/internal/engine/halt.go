package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// halts are the processors that have stopped by themselves while the others go on.
type halts struct {
	first chan struct{} // closed by the first

	mu   sync.Mutex
	errs []error
}

func (h *halts) add(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.errs = append(h.errs, err); len(h.errs) == 1 {
		close(h.first)
	}
}

// some is closed when a processor has stopped.
func (h *halts) some() <-chan struct{} { return h.first }

// all reports whether so many processors have stopped.
func (h *halts) all(n int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.errs) == n
}

// error joins the errors; nil if there are none.
func (h *halts) error() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.errs) == 1 {
		return h.errs[0]
	}
	return errors.Join(h.errs...)
}

// halt stops the processor, and no other. The run goes on while any processor does, and then ends with the error.
func (p *processor) halt(err error) {
	p.halting.Do(func() {
		p.log.Error("processor stops, the others go on", "error", err)
		p.e.halts.add(err)
		close(p.halted)
		if f := p.e.opts.Observer.Stopped; f != nil {
			f(kernel.StoppedInfo{Processor: p.k.Name, Err: err})
		}
		p.e.changed.raise()
	})
}

// isHalted reports whether the processor has stopped by itself.
func (p *processor) isHalted() bool {
	select {
	case <-p.halted:
		return true
	default:
		return false
	}
}

// untilHalted derives a context that also ends when the processor is halted.
func (p *processor) untilHalted(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-p.halted:
			cancel(errStopped)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// Halted is the errors of processors that have stopped while the others go on, joined; nil if all go on.
func (e *Engine) Halted() error { return e.halts.error() }

// Health is why the processors are not all at work; nil if they are: nothing has failed, the run is not asked to stop, each owns what the group gave it, no input or table is out of reach, none
// has stopped, and of each input that had records when it was assigned the first batch is committed.
func (e *Engine) Health() error {
	if err := e.failure(); err != nil {
		return err
	}
	if e.ctx.Err() != nil {
		return errStopping
	}
	if err := e.Halted(); err != nil {
		return err
	}
	select {
	case <-e.ready:
	default:
		return errNotReady
	}
	for _, p := range *e.processors.Load() {
		a := p.running.Load()
		if a == nil {
			return fmt.Errorf("processor %q: %w", p.k.Name, errNotReady)
		}
		if a.source == nil {
			continue
		}
		if err := cmp.Or(a.source.Trouble(), a.notBegun()); err != nil {
			return fmt.Errorf("processor %q: %w", p.k.Name, err)
		}
	}
	return e.opts.Reader.Trouble()
}

// errStopping says that the run finishes what it began, and takes on nothing more.
var errStopping = errors.New("stopping")

// errNotReady says that partitions are not assigned, or their tables not loaded.
var errNotReady = errors.New("partitions are being assigned and their tables loaded")
