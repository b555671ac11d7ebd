package sender

import (
	"context"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Room bounds the bytes of records sent and not yet acknowledged, of all senders that share it.
type Room struct {
	bytes *semaphore.Weighted
	max   int64
}

// NewRoom returns room for that many bytes.
func NewRoom(bytes int64) *Room { return &Room{bytes: semaphore.NewWeighted(bytes), max: bytes} }

// Ends is where the partitions end that senders write to, as far as records were acknowledged. Senders may share it. The zero value is
// ready to use; it is safe for concurrent use.
type Ends struct {
	next sync.Map // kernel.TopicPartition -> *atomic.Int64
}

func (e *Ends) of(tp kernel.TopicPartition) *atomic.Int64 {
	if end, ok := e.next.Load(tp); ok {
		return end.(*atomic.Int64)
	}
	end, _ := e.next.LoadOrStore(tp, new(atomic.Int64))
	return end.(*atomic.Int64)
}

// advance notes that everything below next is in the log.
func advance(end *atomic.Int64, next int64) {
	for {
		seen := end.Load()
		if seen >= next || end.CompareAndSwap(seen, next) {
			return
		}
	}
}

// Of is one past the highest acknowledged offset of the partition, and whether anything was acknowledged. It is current before the
// record's done is called; for a transaction, before its commit returns.
func (e *Ends) Of(tp kernel.TopicPartition) (next int64, ok bool) {
	end, ok := e.next.Load(tp)
	if !ok {
		return 0, false
	}
	next = end.(*atomic.Int64).Load()
	return next, next > 0
}

// flight is the bookkeeping of records between Send and done: how many, how many bytes, and where each partition ends.
type flight struct {
	room    *Room
	ends    *Ends
	pending atomic.Int64

	mu      sync.Mutex
	closed  bool
	current *cohort
	older   []*cohort // with records still out
}

// cohort counts the records sent between two calls of Flush. Its fields belong to the flight's mutex.
type cohort struct {
	out   int64
	ended bool
	done  chan struct{} // closed when ended and nothing is out
}

func newFlight(room *Room, ends *Ends) *flight {
	return &flight{room: room, ends: ends, current: &cohort{done: make(chan struct{})}}
}

// ticket is the place of one record in the flight.
type ticket struct {
	flight *flight
	cohort *cohort
	bytes  int64
	end    *atomic.Int64
}

// board waits for room and takes the record in.
func (f *flight) board(ctx context.Context, r *Record) (ticket, error) {
	// A record larger than the buffer takes all of it.
	t := ticket{flight: f, bytes: min(r.size(), f.room.max), end: f.ends.of(kernel.TopicPartition{Topic: r.Topic, Partition: r.Partition})}
	if err := ctx.Err(); err != nil {
		return ticket{}, err
	}
	if err := f.room.bytes.Acquire(ctx, t.bytes); err != nil {
		return ticket{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		f.room.bytes.Release(t.bytes)
		return ticket{}, ErrClosed
	}
	t.cohort = f.current
	t.cohort.out++
	f.pending.Add(1)
	return t, nil
}

// land notes the offset, calls done and gives the room back, in this order: whoever learns from done, Pending or Flush
// that the record is through also sees its offset.
func (t ticket) land(offset int64, err error, done func(int64, error)) {
	if err == nil {
		advance(t.end, offset+1)
	}
	if done != nil {
		done(offset, err)
	}
	f := t.flight
	f.pending.Add(-1)
	f.room.bytes.Release(t.bytes)
	f.mu.Lock()
	defer f.mu.Unlock()
	g := t.cohort
	if g.out--; g.out == 0 && g.ended {
		close(g.done)
	}
}

// flush waits for what has boarded so far, whatever boards meanwhile.
func (f *flight) flush(ctx context.Context) error {
	for _, g := range f.cut(false) {
		select {
		case <-g.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// cut ends the current cohort and returns all that have records out. With closing set nothing boards any more.
func (f *flight) cut(closing bool) []*cohort {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = f.closed || closing
	kept := f.older[:0]
	for _, g := range f.older {
		if g.out > 0 {
			kept = append(kept, g)
		}
	}
	f.older = kept
	if f.current.out > 0 {
		f.current.ended = true
		f.older = append(f.older, f.current)
		f.current = &cohort{done: make(chan struct{})}
	}
	return append([]*cohort(nil), f.older...)
}

// close refuses what comes from now on.
func (f *flight) close() { f.cut(true) }
