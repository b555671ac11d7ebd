package topology

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/cluster"
)

// Positions are places in a stream: the offset of the next record, by partition.
type Positions map[int32]int64

// Ends returns the present end of a stream: one past the last record that readers of committed records get of each partition. Every
// record that is acknowledged by now, and whose transaction is committed, is before it. Transaction markers do not count.
// Of cfg it uses what says how to reach the brokers.
func Ends[K, V any](ctx context.Context, cfg Config, s Stream[K, V]) (Positions, error) {
	client, err := openClient(cfg)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	reader, err := changelog.NewReader(client, cfg.Logger)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	read, err := reader.Ends(ctx, s.topic)
	if err != nil {
		return nil, err
	}
	return positions(read[s.topic]), nil
}

// positions are offsets by partition.
func positions(offsets []int64) Positions {
	at := Positions{}
	for p, offset := range offsets {
		at[int32(p)] = offset
	}
	return at
}

// ends are where readers of committed records stop, which may be behind the last record.
func ends(ctx context.Context, client *cluster.Client, topic string) (Positions, error) {
	read, err := client.StableEnds(ctx, topic)
	if err != nil {
		return nil, err
	}
	return positions(read[topic]), nil
}

// Read reads the part of a stream between two positions and calls handle for one record after the other, in order in each
// partition; then it returns nil. A partition that from does not name, or any if from is nil, is read from its oldest record; one
// that to does not name is not read. Records that the log no longer has are passed over. It returns the error of ctx if that ends first;
// otherwise it is like [Consume].
func Read[K, V any](ctx context.Context, cfg Config, s Stream[K, V], from, to Positions, handle func(ctx context.Context, r *Record[K, V]) error) error {
	client, err := openClient(cfg)
	if err != nil {
		return err
	}
	defer client.Close()
	starts, err := client.Starts(ctx, s.topic)
	if err != nil {
		return err
	}
	left := Positions{}
	at := map[int32]kgo.Offset{}
	for p, start := range starts[s.topic] {
		partition := int32(p)
		if first := max(start, from[partition]); first < to[partition] {
			left[partition] = to[partition]
			at[partition] = kgo.NewOffset().At(first)
		}
	}
	if len(left) == 0 {
		return nil
	}
	kafka, err := kgo.NewClient(append(client.Kgo(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{s.topic: at}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(), // their offsets count
	)...)
	if err != nil {
		return fmt.Errorf("read %q: %w", s.topic, err)
	}
	defer kafka.Close()
	each := typed(ctx, s, handle)
	for len(left) > 0 {
		fetches := kafka.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		for it := fetches.RecordIter(); !it.Done(); {
			record := it.Next()
			end, reading := left[record.Partition]
			if !reading {
				continue
			}
			if record.Offset+1 >= end {
				delete(left, record.Partition)
			}
			if record.Offset >= end || record.Attrs.IsControl() {
				continue
			}
			if err := each(record); err != nil {
				return err
			}
		}
		for _, e := range fetches.Errors() {
			// Offsets that the log no longer has are passed over by the client, which says so.
			if _, ok := errors.AsType[*kgo.ErrDataLoss](e.Err); !ok {
				return fmt.Errorf("read %q, partition %d: %w", e.Topic, e.Partition, e.Err)
			}
		}
	}
	return nil
}
