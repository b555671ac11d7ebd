package sender

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// outsider is a committer of offsets that is in no group.
var outsider = cluster.Member{Group: "group", Generation: -1}

var input = kernel.TopicPartition{Topic: topic, Partition: 3}

// commit commits the open transaction, with an offset.
func commit(t *testing.T, s Transactional, next int64) {
	t.Helper()
	if err := s.SendOffsets(t.Context(), outsider, map[kernel.TopicPartition]cluster.CommittedOffset{input: {Next: next, Metadata: "m"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// send sends a record and waits for it.
func send(t *testing.T, s Sender, key string) error {
	t.Helper()
	acked := make(chan error, 1)
	if err := s.Send(t.Context(), Record{Topic: topic, Key: []byte(key)}, func(_ int64, err error) { acked <- err }); err != nil {
		return err
	}
	return <-acked
}

func openTransactional(t *testing.T, b bundle, id string) Transactional {
	t.Helper()
	s, err := OpenTransactional(b.client, TransactionalOptions{Options: Options{Ends: b.ends}, ID: id, Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.Close(ctx)
	})
	return s
}

// committed reads records until the key of the last one comes.
func committed(t *testing.T, b bundle, last string) []string {
	t.Helper()
	client, err := kgo.NewClient(append(b.client.Kgo(),
		kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var keys []string
	for {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		for _, r := range fetches.Records() {
			keys = append(keys, string(r.Key))
			if string(r.Key) == last {
				return keys
			}
		}
	}
}

func TestAbortLeavesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, Open, Options{})
	s := openTransactional(t, b, "a")
	for _, step := range []struct {
		key    string
		commit bool
	}{{"a", true}, {"b", false}, {"c", true}, {"d", false}, {"e", true}} {
		if err := s.Begin(); err != nil {
			t.Fatal(err)
		}
		if err := send(t, s, step.key); err != nil {
			t.Fatal(err)
		}
		if step.commit {
			commit(t, s, int64(step.key[0]))
			continue
		}
		before, _ := b.ends.Of(kernel.TopicPartition{Topic: topic})
		if err := s.Abort(t.Context()); err != nil {
			t.Fatal(err)
		}
		if after, _ := b.ends.Of(kernel.TopicPartition{Topic: topic}); after != before {
			t.Errorf("the abort of %q moved the end from %d to %d", step.key, before, after)
		}
	}
	if got := committed(t, b, "e"); len(got) != 3 || got[0] != "a" || got[1] != "c" {
		t.Errorf("readers of committed records get %q", got)
	}
	offsets, err := b.client.StableOffsets(t.Context(), outsider.Group, []kernel.TopicPartition{input, {Topic: topic, Partition: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if o := offsets[input]; o.Next != 'e' || o.Metadata != "m" {
		t.Errorf("committed %+v", o)
	}
	if o := offsets[kernel.TopicPartition{Topic: topic, Partition: 1}]; o.Next != -1 {
		t.Errorf("committed %+v, though nothing was", o)
	}
}

// A process that dies leaves its transaction open. The next one of the same id ends it at once, and the former one is fenced.
func TestNextOfAnIDFencesTheFormer(t *testing.T) {
	t.Parallel()
	b := setup(t, Open, Options{})
	former := openTransactional(t, b, "a")
	if err := former.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := send(t, former, "lost"); err != nil {
		t.Fatal(err)
	}
	next := openTransactional(t, b, "a")
	if err := next.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := send(t, next, "kept"); err != nil {
		t.Fatal(err)
	}
	commit(t, next, 1)
	err := former.SendOffsets(t.Context(), outsider, map[kernel.TopicPartition]cluster.CommittedOffset{input: {Next: 9}})
	if err == nil {
		err = former.Commit(t.Context())
	}
	if err == nil {
		t.Error("the former one committed")
	}
	if got := committed(t, b, "kept"); len(got) != 1 {
		t.Errorf("readers of committed records get %q", got)
	}
}

// Who is not in the group cannot commit offsets of it, and so nothing at all.
func TestCommitOfNoMember(t *testing.T) {
	t.Parallel()
	b := setup(t, Open, Options{})
	s := openTransactional(t, b, "a")
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := send(t, s, "lost"); err != nil {
		t.Fatal(err)
	}
	m := cluster.Member{Group: "group", ID: "somebody", Generation: 7}
	err := s.SendOffsets(t.Context(), m, map[kernel.TopicPartition]cluster.CommittedOffset{input: {Next: 9}})
	if !errors.Is(err, cluster.ErrNotMember) {
		t.Errorf("SendOffsets: %v, want %v", err, cluster.ErrNotMember)
	}
	if err := s.Abort(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := send(t, s, "kept"); err != nil {
		t.Fatal(err)
	}
	commit(t, s, 1)
	if got := committed(t, b, "kept"); len(got) != 1 {
		t.Errorf("readers of committed records get %q", got)
	}
}
