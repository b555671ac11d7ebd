package topology

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Consume reads a stream, all partitions from the oldest record on, and calls handle for one record after the other, in order
// in each partition. It belongs to no consumer group and remembers nothing: it is for demos, tests and tools. It goes on, also
// where the brokers are away for a while, until ctx is done, and then returns nil; otherwise it returns the error of handle, of
// a record that cannot be decoded ([ErrDecode]), or of the cluster. Of cfg it uses what says how to reach the brokers.
func Consume[K, V any](ctx context.Context, cfg Config, s Stream[K, V], handle func(ctx context.Context, r *Record[K, V]) error) error {
	err := consume(ctx, cfg, s.topic, func(m *kernel.Message) error {
		r, err := newRecord(nil, m, s.key, s.value)
		if err != nil {
			return err
		}
		return handle(ctx, r)
	})
	return ended(ctx, err)
}

func consume(ctx context.Context, cfg Config, topic string, handle func(*kernel.Message) error) error {
	client, err := openClient(cfg)
	if err != nil {
		return err
	}
	defer client.Close()
	n, err := client.Partitions(ctx, topic)
	if err != nil {
		return err
	}
	from := map[int32]kgo.Offset{}
	for p := range n {
		from[p] = kgo.NewOffset().AtStart()
	}
	kafka, err := kgo.NewClient(append(client.Kgo(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(500*time.Millisecond),
	)...)
	if err != nil {
		return fmt.Errorf("consume %q: %w", topic, err)
	}
	defer kafka.Close()
	for {
		fetches := kafka.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		for it := fetches.RecordIter(); !it.Done(); {
			if err := handle(messageOf(it.Next())); err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
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

func messageOf(r *kgo.Record) *kernel.Message {
	m := &kernel.Message{
		Topic: r.Topic, Partition: r.Partition, Offset: r.Offset,
		Key: r.Key, Value: r.Value, Timestamp: r.Timestamp,
	}
	for _, h := range r.Headers {
		m.Headers = append(m.Headers, kernel.Header{Key: h.Key, Value: h.Value})
	}
	return m
}
