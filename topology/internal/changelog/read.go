package changelog

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Record is a record of a changelog.
type Record struct {
	Offset     int64
	Key, Value []byte      // a nil value deletes
	Stamp      fence.Stamp // who wrote it; the zero Stamp if it does not say, or not in a way that can be read
}

// Read returns the committed records of a partition in the offsets [from, to), in their order and whoever wrote them, also those that
// loads and replicas drop. What was deleted or compacted away is passed over. Where the log does not reach to, or a transaction
// before it is open, Read waits for that, and logs it. An error is yielded last, with a zero Record: that of ctx, or
// one that trying again does not mend.
//
// An owner that finds a gap between the offsets of its own acknowledged records reads what somebody else wrote there.
func (r *Reader) Read(ctx context.Context, tp kernel.TopicPartition, from, to int64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		tries := r.attempts(tp)
		for from < to {
			next, more, err := r.read(ctx, span{tp: tp, from: from, to: to, wait: true}, yield)
			if !more {
				return
			}
			if next > from {
				from = next
				tries.reset()
			}
			if err == nil {
				continue
			}
			if errors.Is(err, kerr.OffsetOutOfRange) {
				from, err = r.skipDeleted(ctx, tp, from, err)
			}
			if err == nil {
				continue
			}
			if errors.Is(err, kerr.OffsetOutOfRange) {
				yield(Record{}, err) // from lies behind the end
				return
			}
			if err := tries.failed(ctx, err); err != nil {
				yield(Record{}, fmt.Errorf("read %s: %w", tp, err))
				return
			}
		}
	}
}

// read yields the records of a span until an error, and returns the offset to go on from and whether the loop goes on.
func (r *Reader) read(ctx context.Context, s span, yield func(Record, error) bool) (next int64, more bool, err error) {
	next = s.from
	for a, err := range r.answers(ctx, s) {
		if err != nil {
			return next, true, err
		}
		for _, record := range a.records {
			if record.Offset >= s.to {
				break
			}
			if !yield(Record{Offset: record.Offset, Key: record.Key, Value: record.Value, Stamp: stampOf(record)}, nil) {
				return next, false, nil
			}
			next = record.Offset + 1
		}
		next = max(next, a.next)
	}
	return next, true, nil
}

// skipDeleted returns the start of the log where that lies behind from, and err where it does not.
func (r *Reader) skipDeleted(ctx context.Context, tp kernel.TopicPartition, from int64, err error) (int64, error) {
	starts, startErr := r.cluster.Starts(ctx, tp.Topic)
	if startErr != nil {
		return from, startErr
	}
	if int(tp.Partition) >= len(starts[tp.Topic]) || starts[tp.Topic][tp.Partition] <= from {
		return from, err
	}
	return starts[tp.Topic][tp.Partition], nil
}

// stampOf is who wrote a record.
func stampOf(r *kgo.Record) fence.Stamp {
	for _, h := range r.Headers {
		if h.Key == fence.HeaderKey {
			stamp, err := fence.Parse(h.Value)
			if err != nil {
				return fence.Stamp{}
			}
			return stamp
		}
	}
	return fence.Stamp{}
}
