package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/eddystream/eddy/topology/internal/sender"
)

// senders are what a processor writes with. They outlive an assignment that ended with everything committed; after any other end they are
// closed, which drops what they still hold, and opened anew.
type senders struct {
	p             *processor
	plain         sender.Sender
	transactional [producersInTurn]sender.Transactional
}

// coordinator returns the coordinator of an assignment, with senders to write with.
func (p *processor) coordinator(ctx context.Context, a *assignment) (coordinator, error) {
	s := &p.senders
	if p.delivery == ExactlyOnce {
		for i := range s.transactional {
			if s.transactional[i] != nil {
				continue
			}
			var err error
			if s.transactional[i], err = p.e.opts.OpenTransactional(sender.TransactionalOptions{
				Options: sender.Options{Room: p.e.opts.Room, Ends: p.e.opts.Ends},
				ID:      p.transactionalID(i),
				Timeout: p.e.opts.Client.Settings().SessionTimeout,
			}); err != nil {
				return nil, err
			}
		}
		return newExactlyOnce(a, s.transactional), nil
	}
	if s.plain == nil {
		var err error
		if s.plain, err = p.e.opts.Open(sender.Options{Room: p.e.opts.Room, Ends: p.e.opts.Ends}); err != nil {
			return nil, err
		}
	}
	return newAtLeastOnce(a, s.plain), nil
}

// transactionalID is the transactional id of one of the processor's producers. It is the same when this process starts again, so that a
// transaction that it left open is ended at once and not by its timeout.
func (p *processor) transactionalID(i int) string {
	return fmt.Sprintf("%s-%s-%d", p.k.Group, p.e.opts.Instance, i)
}

// settleSenders closes the senders of an assignment that ended without having committed everything.
func (p *processor) settleSenders(complete bool) {
	if !complete {
		p.senders.close()
	}
}

// abortWithin bounds the end of a transaction that is given up. If the brokers do not answer, it ends by its timeout.
const abortWithin = 2 * time.Second

// close closes the senders. What they still hold is dropped.
func (s *senders) close() {
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if s.plain != nil {
		_ = s.plain.Close(over) // drops what is not acknowledged, and says so
		s.plain = nil
	}
	for i, t := range s.transactional {
		if t == nil {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), abortWithin)
		if s.p.e.crashing.Err() == nil {
			if err := t.Abort(ctx); err != nil {
				s.p.log.Debug("transaction is left to its timeout", "error", err)
			}
		}
		cancel()
		_ = t.Close(over)
		s.transactional[i] = nil
	}
}
