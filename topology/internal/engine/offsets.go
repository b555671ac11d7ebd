package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/wake"
)

// commitWithin is how long an offset waits to be committed with others.
const commitWithin = 200 * time.Millisecond

// offsets commits the offsets of an assignment's batches, and with each the epochs that its reader has seen.
type offsets struct {
	a *assignment

	sending sync.Mutex // held while a request is under way: whoever flushes waits for those before

	mu     sync.Mutex
	marked map[kernel.TopicPartition]cluster.CommittedOffset // and not committed yet
	wake   wake.Signal                                       // there are some
}

func newOffsets(a *assignment) *offsets {
	return &offsets{a: a, marked: map[kernel.TopicPartition]cluster.CommittedOffset{}, wake: wake.New()}
}

// committedOffsets are offsets of batches as they are committed.
func committedOffsets(batches []*batch) map[kernel.TopicPartition]cluster.CommittedOffset {
	all := map[kernel.TopicPartition]cluster.CommittedOffset{}
	for _, b := range batches {
		for _, o := range b.offsets {
			all[o.in.tp] = cluster.CommittedOffset{Next: o.next, Metadata: o.metadata}
		}
	}
	return all
}

// mark has the offsets of a batch committed.
func (o *offsets) mark(list []offset) {
	o.mu.Lock()
	for _, at := range list {
		o.marked[at.in.tp] = cluster.CommittedOffset{Next: at.next, Metadata: at.metadata}
		at.in.committed.Store(at.next)
	}
	o.mu.Unlock()
	o.wake.Raise()
}

// keep commits what is marked, until ctx is done.
func (o *offsets) keep(ctx context.Context) {
	for {
		select {
		case <-o.wake:
		case <-ctx.Done():
			return
		}
		o.flush(ctx)
		select {
		case <-time.After(commitWithin):
		case <-ctx.Done():
			return
		}
	}
}

// flush commits what is marked now. What could not be committed stays marked, unless the member is none any more.
func (o *offsets) flush(ctx context.Context) {
	o.sending.Lock()
	defer o.sending.Unlock()
	o.mu.Lock()
	marked := o.marked
	o.marked = map[kernel.TopicPartition]cluster.CommittedOffset{}
	o.mu.Unlock()
	if len(marked) == 0 {
		return
	}
	err := o.a.lease.check()
	if err == nil {
		err = o.a.p.e.opts.Cluster.CommitOffsets(ctx, o.a.session.Member, marked)
	}
	switch {
	case err == nil:
		o.a.reached(StepOffsets)
		return
	case errors.Is(err, cluster.ErrNotMember):
		o.a.leave(err)
		return
	case ctx.Err() == nil && !uncertain(err):
		o.a.p.e.fail(&ProcessError{Processor: o.a.p.k.Name, Offset: -1, Err: err})
		return
	case ctx.Err() == nil:
		o.a.p.log.Warn("offsets are not committed yet", "error", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for tp, c := range marked {
		if _, newer := o.marked[tp]; !newer {
			o.marked[tp] = c
		}
	}
	o.wake.Raise()
}
