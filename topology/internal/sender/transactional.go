package sender

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// TransactionalOptions are those of a [Transactional].
type TransactionalOptions struct {
	Options
	// ID is the transactional id. Opening another sender of the same id fences this one: its open transaction is aborted.
	ID string
	// Timeout is how long the brokers let a transaction be open before they abort it.
	Timeout time.Duration
}

// concurrent is the pause before a request is sent again that came while the transaction before it was being finished, or while
// another request was adding partitions to its own.
const concurrent = time.Millisecond

// backoff is the pause of franz-go before it sends a request again. The first ones are as short as concurrent, because a coordinator that is
// busy with the same transaction says that it is loading; then they become as long as the client's own default.
func backoff(fails int) time.Duration {
	return min(concurrent<<min(max(fails-4, 0), 8), 250*time.Millisecond)
}

// OpenTransactional returns a transactional sender to client's cluster, with connections of its own. It does no I/O.
func OpenTransactional(client *cluster.Client, o TransactionalOptions) (Transactional, error) {
	o.Options = o.withDefaults()
	ends := o.Ends
	// What is acknowledged does not count before the commit: an end that an abort takes back would be waited for in vain.
	o.Ends = &Ends{}
	f, err := open(append(client.Kgo(),
		kgo.TransactionalID(o.ID),
		kgo.TransactionTimeout(o.Timeout),
		kgo.ConcurrentTransactionsBackoff(concurrent),
		kgo.RetryBackoffFn(backoff),
	), o.Options)
	if err != nil {
		return nil, err
	}
	return &transactional{franz: f, id: o.ID, committed: ends, written: map[kernel.TopicPartition]bool{}}, nil
}

// transactional sends by a transactional client of franz-go. The group is not that client's, so the offsets go into its transactions by
// requests of our own.
type transactional struct {
	*franz
	id        string
	committed *Ends
	grouped   string // the group whose offsets the brokers add to a transaction by themselves; empty: not known yet

	mu      sync.Mutex
	written map[kernel.TopicPartition]bool // by the open transaction
}

func (s *transactional) Init(ctx context.Context) error {
	if _, _, err := s.kafka.ProducerID(ctx); err != nil {
		return fmt.Errorf("begin as transactional id %q: %w", s.id, cluster.Denied(err, cluster.TransactionalID, s.id, "Write"))
	}
	return nil
}

func (s *transactional) Begin() error {
	if err := s.kafka.BeginTransaction(); err != nil {
		return fmt.Errorf("begin transaction %q: %w", s.id, err)
	}
	return nil
}

func (s *transactional) Send(ctx context.Context, r Record, done func(offset int64, err error)) error {
	s.mu.Lock()
	s.written[kernel.TopicPartition{Topic: r.Topic, Partition: r.Partition}] = true
	s.mu.Unlock()
	return s.franz.Send(ctx, r, done)
}

func (s *transactional) SendOffsets(ctx context.Context, m cluster.Member, offsets map[kernel.TopicPartition]cluster.CommittedOffset) error {
	if err := s.sendOffsets(ctx, m, offsets); err != nil {
		return fmt.Errorf("transaction %q: %w", s.id, err)
	}
	return nil
}

func (s *transactional) Commit(ctx context.Context) error {
	if err := s.flush(ctx); err != nil {
		return fmt.Errorf("commit transaction %q: %w", s.id, err)
	}
	if err := s.kafka.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return fmt.Errorf("commit transaction %q: %w", s.id, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for tp := range s.written {
		if next, ok := s.ends.Of(tp); ok {
			advance(s.committed.of(tp), next)
		}
	}
	clear(s.written)
	return nil
}

func (s *transactional) Abort(ctx context.Context) error {
	s.mu.Lock()
	clear(s.written)
	s.mu.Unlock()
	if err := s.kafka.AbortBufferedRecords(ctx); err != nil {
		return fmt.Errorf("abort transaction %q: %w", s.id, err)
	}
	if err := s.kafka.EndTransaction(ctx, kgo.TryAbort); err != nil {
		return fmt.Errorf("abort transaction %q: %w", s.id, err)
	}
	return nil
}

// sendOffsets commits offsets in the open transaction (KIP-447). Brokers that know the second part of KIP-890 add the group's partition to
// the transaction with them; others have to be told before.
func (s *transactional) sendOffsets(ctx context.Context, m cluster.Member, offsets map[kernel.TopicPartition]cluster.CommittedOffset) error {
	id, epoch, err := s.kafka.ProducerID(ctx)
	if err != nil {
		return err
	}
	if s.grouped != m.Group {
		if err := s.retrying(ctx, func() error {
			req := kmsg.NewPtrAddOffsetsToTxnRequest()
			req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Group = s.id, id, epoch, m.Group
			resp, err := req.RequestWith(ctx, s.kafka)
			if err != nil {
				return err
			}
			return kerr.ErrorForCode(resp.ErrorCode)
		}); err != nil {
			return fmt.Errorf("add group %q: %w", m.Group, err)
		}
	}
	req := kmsg.NewPtrTxnOffsetCommitRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Group = s.id, id, epoch, m.Group
	req.MemberID, req.Generation = m.ID, m.Generation
	if m.Instance != "" {
		req.InstanceID = &m.Instance
	}
	for topic, partitions := range cluster.OffsetsByTopic(offsets) {
		t := kmsg.NewTxnOffsetCommitRequestTopic()
		t.Topic = topic
		for partition, o := range partitions {
			p := kmsg.NewTxnOffsetCommitRequestTopicPartition()
			p.Partition, p.Offset, p.Metadata = partition, o.Next, &o.Metadata
			t.Partitions = append(t.Partitions, p)
		}
		req.Topics = append(req.Topics, t)
	}
	return s.retrying(ctx, func() error {
		resp, err := req.RequestWith(ctx, s.kafka)
		if err != nil {
			return fmt.Errorf("commit offsets of group %q: %w", m.Group, err)
		}
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				if err := cluster.MemberError(p.ErrorCode); err != nil {
					return fmt.Errorf("commit offset of group %q, topic %q, partition %d: %w", m.Group, t.Topic, p.Partition, err)
				}
			}
		}
		if resp.Version >= 5 {
			s.grouped = m.Group
		}
		return nil
	})
}

// retrying sends a request again while the brokers are still busy with the end of the transaction before.
func (s *transactional) retrying(ctx context.Context, request func() error) error {
	for {
		err := request()
		if !errors.Is(err, kerr.ConcurrentTransactions) && !errors.Is(err, kerr.CoordinatorLoadInProgress) && !errors.Is(err, kerr.NotCoordinator) {
			return err
		}
		select {
		case <-time.After(concurrent):
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
	}
}
