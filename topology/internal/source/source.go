// Package source reads the partitions of streams that a member of a consumer group was given.
//
// It stands for the consumer that comes with sarama's groups. That gives up a partition whose reader is slow for more than its
// processing time, and then lets all partitions of the broker wait for a tenth of a second; after that, every record that comes
// alone may be taken for a slow one.
package source

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/wake"
)

const (
	// fetchWait is how long a broker keeps a request that it has nothing for. It is also how long a partition that comes late may wait for
	// its first one, or one that was held.
	fetchWait = 100 * time.Millisecond
	// gather is how long partitions wait for the others, so that they are asked for at once.
	gather = 50 * time.Millisecond
)

// overhead is what a record occupies beside its own bytes.
const overhead = 256

// Source reads partitions. It fetches while any of them is hungry; so a reader that is slow hinders no other, and what waits is bounded.
type Source struct {
	kafka  *kgo.Client
	budget *Budget
	log    *slog.Logger
	ctx    context.Context // of polling: done when closed
	cancel context.CancelFunc
	polled chan struct{} // closed when polling has ended

	hungry atomic.Int64
	room   wake.Signal // a token when a partition has become hungry

	mu         sync.Mutex
	expected   int
	late       *time.Timer                     // asks for those that wait
	waiting    map[string]map[int32]kgo.Offset // not asked for yet
	partitions map[kernel.TopicPartition]*Partition
	troubles   map[kernel.TopicPartition]trouble
	said       time.Time // when a trouble was logged last
}

// Open returns a source that expects that many partitions, with connections of its own. What waits for their readers counts in the
// budget. It does no I/O. A nil log is none.
func Open(client *cluster.Client, expected int, budget *Budget, log *slog.Logger) (*Source, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	kafka, err := kgo.NewClient(append(client.Kgo(),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()), // an offset that the log no longer has is an error, not a jump over what was lost
		kgo.FetchMaxWait(fetchWait),
	)...)
	if err != nil {
		return nil, fmt.Errorf("open source: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Source{
		kafka: kafka, budget: budget, log: log, ctx: ctx, cancel: cancel, polled: make(chan struct{}), room: wake.New(),
		expected: expected, waiting: map[string]map[int32]kgo.Offset{}, partitions: map[kernel.TopicPartition]*Partition{}, troubles: map[kernel.TopicPartition]trouble{},
	}
	go s.poll()
	return s, nil
}

// Read begins to read a partition, which it does once, at an offset; a negative one is the oldest that the log has. The signal, which several
// partitions may share, is raised when there is something to poll.
func (s *Source) Read(topic string, partition int32, from int64, ready wake.Signal) *Partition {
	at := kgo.NewOffset().AtStart()
	if from >= 0 {
		at = kgo.NewOffset().At(from)
	}
	p := &Partition{source: s, topic: topic, partition: partition, wake: ready, hungry: true}
	s.budget.partitions.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.partitions[kernel.TopicPartition{Topic: topic, Partition: partition}] = p
	s.hungry.Add(1)
	s.room.Raise()
	if s.waiting[topic] == nil {
		s.waiting[topic] = map[int32]kgo.Offset{}
	}
	s.waiting[topic][partition] = at
	switch {
	case len(s.partitions) >= s.expected:
		s.ask()
	case s.late == nil:
		s.late = time.AfterFunc(gather, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.ask()
		})
	}
	return p
}

// ask asks for the partitions that wait. The caller holds the lock.
func (s *Source) ask() {
	if s.late != nil {
		s.late.Stop()
		s.late = nil
	}
	if len(s.waiting) > 0 && s.ctx.Err() == nil {
		s.kafka.AddConsumePartitions(s.waiting)
		s.waiting = map[string]map[int32]kgo.Offset{}
	}
}

// poll hands out what comes.
func (s *Source) poll() {
	defer close(s.polled)
	for s.ctx.Err() == nil {
		if s.hungry.Load() <= 0 {
			select {
			case <-s.room:
			case <-s.ctx.Done():
			}
			continue
		}
		fetches := s.kafka.PollFetches(s.ctx)
		if fetches.IsClientClosed() {
			return
		}
		fetches.EachPartition(func(f kgo.FetchTopicPartition) {
			s.mu.Lock()
			p := s.partitions[kernel.TopicPartition{Topic: f.Topic, Partition: f.Partition}]
			s.mu.Unlock()
			err := s.final(f)
			if p != nil {
				p.take(f.Records, err)
			}
		})
	}
}

// Close ends reading. Readers that wait go on waiting.
func (s *Source) Close() {
	s.cancel()
	<-s.polled
	s.mu.Lock()
	if s.late != nil {
		s.late.Stop()
	}
	for _, p := range s.partitions {
		p.close()
	}
	s.mu.Unlock()
	s.kafka.Close()
}
