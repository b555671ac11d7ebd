package memlog

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
)

// Sender appends to logs what is sent, and acknowledges it at once, before Send returns.
type Sender struct {
	Log *Log
	// Lost reports whether a record, and so those behind it in its partition, is never acknowledged, nor gets into the log. Optional.
	Lost func(r *sender.Record) bool
	// Sent is called after each record. Optional.
	Sent func()
}

var _ sender.Sender = (*Sender)(nil)

// Send implements [sender.Sender].
func (s *Sender) Send(_ context.Context, r sender.Record, done func(offset int64, err error)) error {
	if s.Lost != nil && s.Lost(&r) {
		return nil
	}
	done(s.Log.Append(Record(&r)), nil)
	if s.Sent != nil {
		s.Sent()
	}
	return nil
}

// Learn implements [sender.Sender].
func (s *Sender) Learn(context.Context, string, int32) error { return nil }

// Flush implements [sender.Sender].
func (s *Sender) Flush(context.Context) error { return nil }

// Pending implements [sender.Sender].
func (s *Sender) Pending() int64 { return 0 }

// Close implements [sender.Sender].
func (s *Sender) Close(context.Context) error { return nil }

// Record is a record to be appended.
func Record(r *sender.Record) *kgo.Record {
	out := &kgo.Record{Topic: r.Topic, Partition: r.Partition, Key: r.Key, Value: r.Value, Timestamp: r.Timestamp}
	for _, h := range r.Headers {
		out.Headers = append(out.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
	}
	return out
}

// Transactional keeps what is sent until it is committed. It acknowledges with the offset that a record will have if nobody else
// writes to the partition meanwhile.
type Transactional struct {
	Sender

	records []*kgo.Record
	count   map[kernel.TopicPartition]int64
	member  cluster.Member
	offsets map[kernel.TopicPartition]cluster.CommittedOffset
}

var _ sender.Transactional = (*Transactional)(nil)

// Init implements [sender.Transactional].
func (t *Transactional) Init(context.Context) error { return nil }

// Begin implements [sender.Transactional].
func (t *Transactional) Begin() error {
	t.records, t.count, t.offsets = nil, map[kernel.TopicPartition]int64{}, nil
	return nil
}

// Send implements [sender.Sender].
func (t *Transactional) Send(_ context.Context, r sender.Record, done func(offset int64, err error)) error {
	tp := kernel.TopicPartition{Topic: r.Topic, Partition: r.Partition}
	t.records = append(t.records, Record(&r))
	t.count[tp]++
	done(t.Log.Topic(r.Topic).End(r.Partition)+t.count[tp]-1, nil)
	return nil
}

// SendOffsets implements [sender.Transactional].
func (t *Transactional) SendOffsets(_ context.Context, m cluster.Member, offsets map[kernel.TopicPartition]cluster.CommittedOffset) error {
	t.member, t.offsets = m, offsets
	return nil
}

// Commit implements [sender.Transactional].
func (t *Transactional) Commit(ctx context.Context) error {
	if err := t.Log.CommitOffsets(ctx, t.member, t.offsets); err != nil {
		return err
	}
	for _, r := range t.records {
		t.Log.Append(r)
	}
	return nil
}

// Abort implements [sender.Transactional].
func (t *Transactional) Abort(context.Context) error { return t.Begin() }
