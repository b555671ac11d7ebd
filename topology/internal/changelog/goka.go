package changelog

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// What the consumers and topic managers for goka need of the reader.

type topicPartition struct {
	topic     string
	partition int32
}

// noteLoaded keeps where a load ended.
func (r *Reader) noteLoaded(tp kernel.TopicPartition, offset int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.loaded[topicPartition{tp.Topic, tp.Partition}] = offset
}

// follower is a client that consumes committed records, of partitions that are given to it, and never jumps.
func (r *Reader) follower(opts ...kgo.Opt) (*kgo.Client, error) {
	opts = append(append(r.cluster.Kgo(),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(500*time.Millisecond),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
	), opts...)
	kafka, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, fmt.Errorf("open follower: %w", err)
	}
	return kafka, nil
}
