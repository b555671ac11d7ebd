package memlog_test

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/memlog"
	"github.com/eddystream/eddy/topology/internal/sender"
)

func row(key, value string) *kgo.Record {
	r := &kgo.Record{Topic: "t", Partition: 1, Key: []byte(key)}
	if value != "" {
		r.Value = []byte(value)
	}
	return r
}

// A table keeps the last record of a key; one that is followed keeps all.
func TestTablesAreCompacted(t *testing.T) {
	t.Parallel()
	for _, followed := range []bool{false, true} {
		l := memlog.New(2)
		topic := l.Add(kernel.Topic{Name: "t", Table: true})
		topic.Followed = followed
		for _, r := range []*kgo.Record{row("a", "1"), row("b", "1"), row("a", "2"), row("b", "")} {
			l.Append(r)
		}
		records, next := l.Fetch(kernel.TopicPartition{Topic: "t", Partition: 1}, 0)
		want := 2
		if followed {
			want = 4
		}
		if last := records[len(records)-1]; next != 4 || len(records) != want || last.Offset != 3 || last.Value != nil {
			t.Errorf("followed %t: %d records, the next is %d", followed, len(records), next)
		}
		if len(topic.Rows) != 1 || string(topic.Rows["a"].Value) != "2" {
			t.Errorf("followed %t: rows %v", followed, topic.Rows)
		}
	}
}

// A transaction gets into the logs with its offsets, or not at all; a member of a former generation commits nothing.
func TestTransactions(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := memlog.New(2)
	l.Add(kernel.Topic{Name: "t"})
	in := kernel.TopicPartition{Topic: "in", Partition: 0}
	former := l.Join("g")
	present := l.Join("g")
	offsets := map[kernel.TopicPartition]cluster.CommittedOffset{in: {Next: 5}}
	s := &memlog.Transactional{Sender: memlog.Sender{Log: l}}
	write := func(m cluster.Member, end func() error) error {
		var at []int64
		err := s.Begin()
		for range 2 {
			err = errors.Join(err, s.Send(ctx, sender.Record{Topic: "t", Partition: 1}, func(offset int64, _ error) { at = append(at, offset) }))
		}
		if at[1] != at[0]+1 || l.Topic("t").End(1) != at[0] {
			t.Errorf("offsets %v, and the log ends at %d before the commit", at, l.Topic("t").End(1))
		}
		return errors.Join(err, s.SendOffsets(ctx, m, offsets), end())
	}
	commit := func() error { return s.Commit(ctx) }
	if err := write(present, func() error { return s.Abort(ctx) }); err != nil {
		t.Error(err)
	}
	if err := write(former, commit); !errors.Is(err, cluster.ErrNotMember) {
		t.Errorf("a former member: %v", err)
	}
	if got, err := l.StableOffsets(ctx, "g", []kernel.TopicPartition{in}); err != nil || got[in].Next != -1 || l.Topic("t").End(1) != 0 {
		t.Errorf("without a commit: %v, %v", got, err)
	}
	if err := write(present, commit); err != nil {
		t.Error(err)
	}
	if got, err := l.StableOffsets(ctx, "g", []kernel.TopicPartition{in}); err != nil || got[in].Next != 5 || l.Topic("t").End(1) != 2 {
		t.Errorf("committed: %v, %v", got, err)
	}
}
