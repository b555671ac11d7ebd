package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/sender"
)

// senders are what a processor writes with. They outlive an assignment that ended with everything committed; after any other end they are
// closed, which drops what they still hold, and opened anew.
type senders struct {
	p             *processor
	plain         sender.Sender
	transactional [producersInTurn]sender.Transactional
}

// coordinator returns the coordinator of an assignment.
func (p *processor) coordinator(a *assignment) coordinator {
	if p.delivery == ExactlyOnce {
		return newExactlyOnce(a, p.senders.transactional)
	}
	return newAtLeastOnce(a, p.senders.plain)
}

// open opens the senders that are not. Transactions that this process left open when it last ended are over then.
func (s *senders) open(ctx context.Context) (err error) {
	opts := &s.p.e.opts
	shared := sender.Options{Room: opts.Room, Ends: opts.Ends}
	if s.p.delivery == AtLeastOnce {
		if s.plain == nil {
			s.plain, err = opts.Open(shared)
		}
		return err
	}
	var opening errgroup.Group
	for i := range s.transactional {
		if s.transactional[i] != nil {
			continue
		}
		var t sender.Transactional
		t, err = opts.OpenTransactional(sender.TransactionalOptions{
			Options: shared, ID: s.p.transactionalID(i), Timeout: opts.Client.Settings().SessionTimeout,
		})
		if err != nil {
			break
		}
		s.transactional[i] = t
		opening.Go(func() error { return t.Init(ctx) })
	}
	began := time.Now()
	said := time.AfterFunc(initSaid, func() {
		s.p.log.Warn("waits for the brokers to end the transactions that were open before", "waited", time.Since(began).Round(time.Second))
	})
	defer said.Stop()
	if err = errors.Join(err, opening.Wait()); err != nil {
		s.close() // one that is not known to the brokers is of no use
	}
	return err
}

// initSaid is how long the beginning of transactional producers takes before that is said.
const initSaid = 10 * time.Second

// transactionalID is the transactional id of one of the processor's producers. It is the same when this process starts again, so that a
// transaction that it left open is ended at once and not by its timeout.
func (p *processor) transactionalID(i int) string {
	return fmt.Sprintf("%s%s/%d", cluster.TransactionalIDs(p.k.Group), p.e.opts.Instance, i)
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
