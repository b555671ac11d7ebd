package changelog

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// knownEnd is the last data record's end below a high watermark.
type knownEnd struct{ stable, data int64 }

// End is one past the last record that a reader can get from the partition now. The end that the broker tells may be
// later: what lies behind may be a transaction's marker, an aborted transaction, or have been compacted away.
// Where there is no record it is the start of the partition.
func (r *Reader) End(ctx context.Context, topic string, partition int32) (int64, error) {
	tp := kernel.TopicPartition{Topic: topic, Partition: partition}
	stable, err := r.cluster.StableEnds(ctx, topic)
	if err != nil {
		return 0, err
	}
	starts, err := r.cluster.Starts(ctx, topic)
	if err != nil {
		return 0, err
	}
	if partition < 0 || int(partition) >= min(len(stable[topic]), len(starts[topic])) {
		return 0, fmt.Errorf("topic %q has no partition %d", topic, partition)
	}
	return r.endBelow(ctx, tp, starts[topic][partition], stable[topic][partition])
}

// Ends is [Reader.End] of all partitions of the topics: topic, then partition.
func (r *Reader) Ends(ctx context.Context, topics ...string) (map[string][]int64, error) {
	stable, err := r.cluster.StableEnds(ctx, topics...)
	if err != nil {
		return nil, err
	}
	starts, err := r.cluster.Starts(ctx, topics...)
	if err != nil {
		return nil, err
	}
	for topic, ends := range stable {
		if len(starts[topic]) != len(ends) {
			return nil, fmt.Errorf("topic %q has %d partitions, and %d have a start", topic, len(ends), len(starts[topic]))
		}
		for p := range ends {
			if ends[p], err = r.endBelow(ctx, kernel.TopicPartition{Topic: topic, Partition: int32(p)}, starts[topic][p], ends[p]); err != nil {
				return nil, err
			}
		}
	}
	return stable, nil
}

// endBelow looks for the last record in [start, stable), in steps back that double.
func (r *Reader) endBelow(ctx context.Context, tp kernel.TopicPartition, start, stable int64) (int64, error) {
	r.mu.Lock()
	known, ok := r.ends[tp]
	r.mu.Unlock()
	if ok && known.stable == stable && known.data >= start {
		return known.data, nil
	}
	end := start
	limit := stable // what lies between limit and stable holds no record
	for step := int64(1); limit > start; step *= 2 {
		from := max(start, stable-step)
		last, err := r.lastRecord(ctx, tp, from, limit)
		if err != nil {
			return 0, err
		}
		if last >= 0 {
			end = last + 1
			break
		}
		limit = from
	}
	r.mu.Lock()
	r.ends[tp] = knownEnd{stable: stable, data: end}
	r.mu.Unlock()
	return end, nil
}

// Empty reports whether no reader will ever get a record from the offsets [from, to) of a partition. An open transaction may
// become one.
func (r *Reader) Empty(ctx context.Context, topic string, partition int32, from, to int64) (bool, error) {
	tp := kernel.TopicPartition{Topic: topic, Partition: partition}
	for from < to {
		records, next, err := r.fetchOrSkip(ctx, tp, from)
		if err != nil {
			return false, err
		}
		if len(records) > 0 && records[0].Offset < to || next == from {
			return false, nil
		}
		from = next
	}
	return true, nil
}

// lastRecord is the offset of the last record in [from, to), -1 if there is none.
func (r *Reader) lastRecord(ctx context.Context, tp kernel.TopicPartition, from, to int64) (int64, error) {
	last := int64(-1)
	for from < to {
		records, next, err := r.fetchOrSkip(ctx, tp, from)
		if err != nil {
			return 0, err
		}
		for _, record := range records {
			if record.Offset < to {
				last = record.Offset
			}
		}
		if next == from {
			break // a reader gets nothing here
		}
		from = next
	}
	return last, nil
}

// fetchOrSkip fetches from an offset, or passes over what was deleted since the start of the log was read: a loop is
// purged while it is looked at. Nobody gets such records any more. Transient errors are tried again until ctx is done.
func (r *Reader) fetchOrSkip(ctx context.Context, tp kernel.TopicPartition, from int64) ([]*kgo.Record, int64, error) {
	tries := r.attempts(tp)
	for {
		a, err := r.fetch(ctx, tp, "", from)
		if errors.Is(err, kerr.OffsetOutOfRange) {
			a.next, err = r.skipDeleted(ctx, tp, from, err)
		}
		if err == nil || errors.Is(err, kerr.OffsetOutOfRange) {
			r.troubled(tp, nil)
			return a.records, a.next, err
		}
		if err := tries.failed(ctx, err); err != nil {
			return nil, from, err
		}
	}
}
