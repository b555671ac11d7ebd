package changelog

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// span is a range of a partition's offsets that is to be read.
type span struct {
	tp       kernel.TopicPartition
	id       string // of the topic; empty: whichever has the name
	from, to int64
	// wait for what is not there yet: an open transaction, or records that are still to be written.
	wait  bool
	group string // whose transactions these are; empty: not known
}

// Pauses of a wait for what is not there yet.
const (
	waitFirst = 5 * time.Millisecond
	waitMax   = 100 * time.Millisecond
)

// answers reads a span. Answers come in order; the next is on its way while one is used, and the last may go beyond the span. An error comes
// last. Without one, and unless the loop was left, the whole span was read.
func (r *Reader) answers(ctx context.Context, s span) iter.Seq2[answer, error] {
	return func(yield func(answer, error) bool) {
		reading, cancel := context.WithCancel(ctx)
		results := make(chan answer)
		go func() {
			defer close(results)
			r.fetchAll(reading, s, results)
		}()
		defer func() {
			cancel()
			for a := range results { // until it has ended
				r.release(a)
			}
		}()
		for a := range results {
			more := yield(a, a.err)
			r.release(a)
			if !more || a.err != nil {
				return
			}
			if a.next >= s.to {
				return
			}
		}
		if err := ctx.Err(); err != nil && s.from < s.to {
			yield(answer{}, err)
		}
	}
}

// release gives back the room that an answer took.
func (r *Reader) release(a answer) {
	if a.err == nil {
		r.loads.Release(1)
	}
}

// fetchAll sends the answers to results. An answer without an error holds a part of r.loads.
func (r *Reader) fetchAll(ctx context.Context, s span, results chan<- answer) {
	send := func(a answer) bool {
		select {
		case results <- a:
			return a.err == nil
		case <-ctx.Done():
			r.release(a)
			return false
		}
	}
	waiting := newWaiting()
	for at := s.from; at < s.to; {
		if r.loads.Acquire(ctx, 1) != nil {
			return
		}
		a, err := r.fetch(ctx, s.tp, s.id, at)
		nothing := err == nil && a.next == at
		switch {
		case nothing && s.wait:
			r.loads.Release(1)
			if err := r.pause(ctx, &waiting, s, at, a.stable); err != nil {
				send(answer{err: err})
				return
			}
			continue
		case nothing:
			err = fmt.Errorf("nothing at offset %d of topic %q, partition %d, whose end is %d", at, s.tp.Topic, s.tp.Partition, s.to)
		}
		if err != nil {
			r.loads.Release(1)
			a = answer{err: err}
		}
		if !send(a) {
			return
		}
		waiting.transaction.Over()
		waiting = newWaiting()
		at = a.next
	}
}

// waiting is a wait for what is not there yet.
type waiting struct {
	since       time.Time
	pause       time.Duration
	said        throttle
	transaction *cluster.TransactionWait // nil: none has been waited for
}

// newWaiting says nothing in its first second: that is how long a transaction usually takes to end.
func newWaiting() waiting {
	now := time.Now()
	return waiting{since: now, pause: waitFirst, said: throttle{last: now.Add(time.Second - sayEvery)}}
}

// pause waits for a moment. The error says why there is no use in going on.
func (r *Reader) pause(ctx context.Context, w *waiting, s span, at, stable int64) error {
	if w.said.allow() {
		r.log.Warn("waits for an open transaction to end, or for records that are still to be written", "topic", s.tp.Topic, "partition", s.tp.Partition, "offset", at,
			"stable", stable, "end", s.to, "waited", time.Since(w.since).Round(time.Millisecond))
	}
	if w.transaction == nil && s.group != "" {
		w.transaction = r.cluster.AwaitTransactions(s.group, s.tp.String())
	}
	if err := w.transaction.Hangs(ctx); err != nil {
		return fmt.Errorf("topic %q, partition %d, offset %d: %w; %s", s.tp.Topic, s.tp.Partition, at, err, cluster.EndHanging(s.tp.Topic, s.tp.Partition, stable))
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(w.pause):
		w.pause = min(2*w.pause, waitMax)
		return nil
	}
}
