package topology

import (
	"context"
	"fmt"
	"time"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Punctuation is a call by [Every]. It is a [Scope] for all handles of the processor, until its handler returns; there is no record, so those
// of them that mean the record's key are errors.
type Punctuation struct {
	// Time is the present, by the wall clock.
	Time time.Time

	s *scope
}

func (p *Punctuation) scope() *scope {
	if p == nil {
		return nil
	}
	return p.s
}

// Partition returns the partition whose turn it is.
func (p *Punctuation) Partition() int32 {
	if p.s == nil || p.s.msg == nil {
		return 0
	}
	return p.s.msg.Partition
}

// StreamTime is [Record.StreamTime].
func (p *Punctuation) StreamTime() time.Time { return p.scope().streamTime() }

// Every calls a handler at an interval on the wall clock, for each partition of the processor, between two records. It is not state: the
// first call comes an interval after the partition was assigned, and those that are missed are not made up for. What the handler does takes
// effect together; where it fails, [OnError] says whether the processor stops, calls it again, or waits for the next time.
func Every[K any](p *Processor[K], interval time.Duration, fn func(ctx context.Context, at *Punctuation) error) {
	where := fmt.Errorf("%w %q: processor %q: punctuation every %s", ErrInvalid, p.builder.name, p.kernel.Name, interval)
	switch {
	case p.builder.closed:
		p.builder.report(fmt.Errorf("%w was declared after Build", where))
		return
	case interval < time.Millisecond:
		p.builder.report(fmt.Errorf("%w: the interval has to be a millisecond at least", where))
	case fn == nil:
		p.builder.report(fmt.Errorf("%w has no handler", where))
	}
	p.kernel.Every = append(p.kernel.Every, &kernel.Punctuation{
		Interval: interval,
		Handle: func(ctx context.Context, t kernel.Task, m *kernel.Message) error {
			s := &scope{task: t, msg: m, none: true}
			err := fn(ctx, &Punctuation{Time: m.Timestamp, s: s})
			s.task = nil // one that is kept is of no use
			return err
		},
	})
}
