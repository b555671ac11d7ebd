package sender

import (
	"context"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// flight is the bookkeeping of records between Send and done: how many, how many bytes, and where each partition ends.
type flight struct {
	bytes   *semaphore.Weighted
	max     int64
	pending atomic.Int64

	mu      sync.Mutex
	closed  bool
	current *generation
	older   []*generation // with records still out

	ends sync.Map // kernel.TopicPartition -> *atomic.Int64
}

// generation counts the records sent between two calls of Flush. Its fields belong to the flight's mutex.
type generation struct {
	out   int64
	ended bool
	done  chan struct{} // closed when ended and nothing is out
}

func newFlight(room int64) *flight {
	return &flight{bytes: semaphore.NewWeighted(room), max: room, current: &generation{done: make(chan struct{})}}
}

// ticket is the place of one record in the flight.
type ticket struct {
	flight     *flight
	generation *generation
	bytes      int64
	end        *atomic.Int64
}

// board waits for room and takes the record in.
func (f *flight) board(ctx context.Context, r *Record) (ticket, error) {
	// A record larger than the buffer takes all of it.
	t := ticket{flight: f, bytes: min(r.size(), f.max), end: f.end(r.Topic, r.Partition)}
	if err := ctx.Err(); err != nil {
		return ticket{}, err
	}
	if err := f.bytes.Acquire(ctx, t.bytes); err != nil {
		return ticket{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		f.bytes.Release(t.bytes)
		return ticket{}, ErrClosed
	}
	t.generation = f.current
	t.generation.out++
	f.pending.Add(1)
	return t, nil
}

func (f *flight) end(topic string, partition int32) *atomic.Int64 {
	key := kernel.TopicPartition{Topic: topic, Partition: partition}
	if end, ok := f.ends.Load(key); ok {
		return end.(*atomic.Int64)
	}
	end, _ := f.ends.LoadOrStore(key, new(atomic.Int64))
	return end.(*atomic.Int64)
}

// land notes the offset, calls done and gives the room back, in this order: whoever learns from done, Pending or Flush
// that the record is through also sees its offset.
func (t ticket) land(offset int64, err error, done func(int64, error)) {
	if err == nil {
		for next := offset + 1; ; {
			seen := t.end.Load()
			if seen >= next || t.end.CompareAndSwap(seen, next) {
				break
			}
		}
	}
	if done != nil {
		done(offset, err)
	}
	f := t.flight
	f.pending.Add(-1)
	f.bytes.Release(t.bytes)
	f.mu.Lock()
	defer f.mu.Unlock()
	g := t.generation
	if g.out--; g.out == 0 && g.ended {
		close(g.done)
	}
}

// endOf is one past the last acknowledged offset.
func (f *flight) endOf(topic string, partition int32) (int64, bool) {
	end, ok := f.ends.Load(kernel.TopicPartition{Topic: topic, Partition: partition})
	if !ok {
		return 0, false
	}
	next := end.(*atomic.Int64).Load()
	return next, next > 0
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

// cut ends the current generation and returns all that have records out. With closing set nothing boards any more.
func (f *flight) cut(closing bool) []*generation {
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
		f.current = &generation{done: make(chan struct{})}
	}
	return append([]*generation(nil), f.older...)
}

// close refuses what comes from now on.
func (f *flight) close() { f.cut(true) }
