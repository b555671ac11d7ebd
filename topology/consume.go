package topology

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/pack"
)

// Consume reads a stream, all partitions from the oldest record on, also those that it gets later, and calls handle for one record after the other, in order
// in each partition. It belongs to no consumer group and remembers nothing: it is for demos, tests and tools. It goes on, also
// where the brokers are away for a while, until ctx is done, and then returns nil; otherwise it returns the error of handle, of
// a record that cannot be decoded ([ErrDecode]), or of the cluster. Of packs it takes the records out, whether or not the stream is declared
// packed. Of cfg it uses what says how to reach the brokers.
func Consume[K, V any](ctx context.Context, cfg Config, s Stream[K, V], handle func(ctx context.Context, r *Record[K, V]) error) error {
	err := consume(ctx, cfg, s.topic, nil, typed(ctx, s, handle))
	return ended(ctx, err)
}

// ConsumeFrom is [Consume] from positions on: of the partitions that from names, and of no other. A position before the oldest record is
// that record, and one behind the end is the end. A partition that does not exist is an error; where from names none it returns nil.
func ConsumeFrom[K, V any](ctx context.Context, cfg Config, s Stream[K, V], from Positions, handle func(ctx context.Context, r *Record[K, V]) error) error {
	if from == nil {
		from = Positions{}
	}
	err := consume(ctx, cfg, s.topic, from, typed(ctx, s, handle))
	return ended(ctx, err)
}

// typed handles the messages of one record of the log, until ctx is done.
func typed[K, V any](ctx context.Context, s Stream[K, V], handle func(context.Context, *Record[K, V]) error) func(*kgo.Record) error {
	return func(record *kgo.Record) error {
		messages, err := pack.Messages(record, nil) // records may be kept
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDecode, err)
		}
		for i := range messages {
			r, err := newRecord(nil, &messages[i], s.key, s.value)
			if err != nil {
				return err
			}
			if err := handle(ctx, r); err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return nil
	}
}

// consume reads a topic from positions on; nil is from the start, all partitions.
func consume(ctx context.Context, cfg Config, topic string, from Positions, handle func(*kgo.Record) error) error {
	client, err := openClient(cfg)
	if err != nil {
		return err
	}
	defer client.Close()
	at, err := offsets(ctx, client, topic, from)
	if err != nil || len(at) == 0 {
		return err
	}
	kafka, err := kgo.NewClient(append(client.Kgo(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: at}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(500*time.Millisecond),
	)...)
	if err != nil {
		return fmt.Errorf("consume %q: %w", topic, err)
	}
	defer kafka.Close()
	if from == nil {
		grow, stop := context.WithCancel(ctx)
		var growing sync.WaitGroup
		growing.Go(func() { consumeNew(grow, client, kafka, topic, int32(len(at))) })
		defer growing.Wait()
		defer stop()
	}
	for {
		fetches := kafka.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		for it := fetches.RecordIter(); !it.Done(); {
			if err := handle(it.Next()); err != nil {
				return err
			}
		}
		for _, e := range fetches.Errors() {
			// Offsets that the log no longer has are passed over by the client, which says so.
			if _, ok := errors.AsType[*kgo.ErrDataLoss](e.Err); !ok {
				return fmt.Errorf("consume %q, partition %d: %w", e.Topic, e.Partition, e.Err)
			}
		}
	}
}

// lookForNew is how often a topic is asked for new partitions.
const lookForNew = 5 * time.Second

// consumeNew has the partitions read that a topic gets, from their oldest record on, until ctx is done.
func consumeNew(ctx context.Context, client *cluster.Client, kafka *kgo.Client, topic string, known int32) {
	ticker := time.NewTicker(lookForNew)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		n, err := client.Partitions(ctx, topic)
		if err != nil {
			continue // who reads hears of it
		}
		fresh := map[int32]kgo.Offset{}
		for ; known < n; known++ {
			fresh[known] = kgo.NewOffset().AtStart()
		}
		if len(fresh) > 0 {
			kafka.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: fresh})
		}
	}
}

// offsets is where to begin. A position that the log does not have is not left to the client, which would go back to the start.
func offsets(ctx context.Context, client *cluster.Client, topic string, from Positions) (map[int32]kgo.Offset, error) {
	at := map[int32]kgo.Offset{}
	if from == nil {
		n, err := client.Partitions(ctx, topic)
		for p := range n {
			at[p] = kgo.NewOffset().AtStart()
		}
		return at, err
	}
	ends, err := ends(ctx, client, topic)
	if err != nil {
		return nil, err
	}
	starts, err := client.Starts(ctx, topic)
	if err != nil {
		return nil, err
	}
	for p, first := range from {
		end, exists := ends[p]
		if !exists {
			return nil, fmt.Errorf("consume %q: there is no partition %d, only 0 to %d", topic, p, len(ends)-1)
		}
		at[p] = kgo.NewOffset().At(min(max(first, starts[topic][p]), end))
	}
	return at, nil
}
