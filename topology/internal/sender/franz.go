package sender

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cluster"
)

// Open returns a sender to client's cluster, with connections of its own. It does no I/O.
func Open(client *cluster.Client, o Options) (Sender, error) {
	return open(client.Kgo(), o.withDefaults())
}

func open(opts []kgo.Opt, o Options) (*franz, error) {
	kafka, err := kgo.NewClient(append(opts,
		kgo.MaxBufferedRecords(math.MaxInt32), // bytes bound the buffer
	)...)
	if err != nil {
		return nil, fmt.Errorf("open sender: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &franz{flight: newFlight(o.Room, o.Ends), kafka: kafka, sending: ctx, cancel: cancel}, nil
}

// franz sends by franz-go.
type franz struct {
	*flight
	kafka   *kgo.Client
	sending context.Context // of all records: franz-go drops a record whose context is done
	cancel  context.CancelFunc
}

func (s *franz) Send(ctx context.Context, r Record, done func(offset int64, err error)) error {
	ticket, err := s.board(ctx, &r)
	if err != nil {
		return err
	}
	record := &kgo.Record{Topic: r.Topic, Partition: r.Partition, Key: r.Key, Value: r.Value, Timestamp: r.Timestamp}
	if len(r.Headers) > 0 {
		record.Headers = make([]kgo.RecordHeader, len(r.Headers))
		for i, h := range r.Headers {
			record.Headers[i] = kgo.RecordHeader{Key: h.Key, Value: h.Value}
		}
	}
	s.kafka.Produce(s.sending, record, func(sent *kgo.Record, err error) {
		if err != nil {
			err = fmt.Errorf("send to topic %q, partition %d: %w", sent.Topic, sent.Partition, denied(sent.Topic, closing(err)))
		}
		ticket.land(sent.Offset, err, done)
	})
	return nil
}

// denied says which right is missing, if one is.
func denied(topic string, err error) error {
	return cluster.Denied(err, cluster.Topic, topic, "Write")
}

// closing replaces the client's ways to say that it was closed.
func closing(err error) error {
	if errors.Is(err, kgo.ErrClientClosed) || errors.Is(err, context.Canceled) {
		return ErrClosed
	}
	return err
}

// learnPause is how often the client's knowledge of a topic is looked at.
const learnPause = 20 * time.Millisecond

func (s *franz) Learn(ctx context.Context, topic string, partitions int32) error {
	if leader, _, _ := s.kafka.PartitionLeader(topic, 0); leader < 0 {
		return nil // nothing is known of it yet, and so nothing old
	}
	for {
		if leader, _, _ := s.kafka.PartitionLeader(topic, partitions-1); leader >= 0 {
			return nil
		}
		s.kafka.ForceMetadataRefresh()
		select {
		case <-time.After(learnPause):
		case <-ctx.Done():
			return fmt.Errorf("learn of partition %d of topic %q: %w", partitions-1, topic, ctx.Err())
		}
	}
}

func (s *franz) Flush(ctx context.Context) error { return s.flush(ctx) }

func (s *franz) Pending() int64 { return s.pending.Load() }

func (s *franz) Close(ctx context.Context) error {
	s.close()
	err := s.flush(ctx)
	if err != nil {
		err = fmt.Errorf("close sender: %d records are not acknowledged: %w", s.Pending(), err)
	}
	s.cancel()
	s.kafka.Close()
	// Close fails what is left; its calls of done may still be running.
	_ = s.flush(context.Background())
	return err
}
