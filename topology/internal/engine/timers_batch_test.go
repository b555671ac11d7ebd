package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/pack"
)

// Timers fire between the messages of a pack as they do between records, and are committed with the record that led to them.
func TestTimersFireWithinPacks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	k := only(timed(kernel.StreamTime, nil))
	b.topics(k, 1)
	commits := make(chan kernel.CommittedInfo, 10)
	r := b.start(k, func(o *engine.Options) {
		o.Observer.Committed = func(i kernel.CommittedInfo) { commits <- i }
	}).started()
	var packed pack.Builder
	for _, m := range []struct {
		second int64
		words  string
	}{{10, "set a 20, set b 30"}, {25, "set b 40"}, {31, "set c 35"}, {50, ""}} {
		if !packed.Add([]byte("k"), []byte(m.words), time.Unix(m.second, 0), nil) {
			t.Fatal("the pack is full")
		}
	}
	m := packed.Record()
	record := &kgo.Record{Topic: "in", Key: m.Key, Value: m.Value}
	for _, h := range m.Headers {
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
	}
	b.produce(record)
	r.settle()
	b.check(r.stop())
	if got := sprint(b.read("out")); !slices.Equal(got, []string{"a=20", "c=35", "b=40"}) {
		t.Errorf("fired are %v", got)
	}
	if info := await(t, commits); info.Records != 4 || info.Firings != 3 || info.Outputs != 3 || len(commits) > 0 {
		t.Errorf("the commit is %+v, and %d more", info, len(commits))
	}
}

// A transaction of nothing but firings is refused by the group where the member is none any more, as any other: then nothing of it is seen, and
// the timer fires for whoever is one.
func TestFiringsAreFenced(t *testing.T) {
	t.Parallel()
	b := setup(t)
	k := only(timed(kernel.WallClock, nil))
	b.topics(k, 1)
	c := &clock{}
	c.set(1000)
	r := b.start(k, c.tune, func(o *engine.Options) { o.Delivery = engine.ExactlyOnce }).started()
	b.produce(at(1, "set a 1010"))
	r.settle()
	refused := make(chan struct{}, 10)
	b.cluster.ControlKey(int16(kmsg.TxnOffsetCommit), func(req kmsg.Request) (kmsg.Response, error, bool) {
		commit := req.(*kmsg.TxnOffsetCommitRequest)
		if len(commit.Topics) == 0 { // nothing that could be refused
			return nil, nil, false
		}
		resp := commit.ResponseKind().(*kmsg.TxnOffsetCommitResponse)
		for _, t := range commit.Topics {
			to := kmsg.NewTxnOffsetCommitResponseTopic()
			to.Topic = t.Topic
			for _, p := range t.Partitions {
				of := kmsg.NewTxnOffsetCommitResponseTopicPartition()
				of.Partition, of.ErrorCode = p.Partition, kerr.IllegalGeneration.Code
				to.Partitions = append(to.Partitions, of)
			}
			resp.Topics = append(resp.Topics, to)
		}
		refused <- struct{}{}
		return resp, nil, true // and the next ones are not controlled
	})
	c.set(1010)
	r.Wake()
	await(t, refused)
	r.settle()
	b.check(r.stop())
	if got := sprint(b.committedRecords("out", 1)); !slices.Equal(got, []string{"a=1010"}) {
		t.Errorf("fired are %v", got)
	}
	if at := b.committed("test-timed", "in", 0); at != 1 {
		t.Errorf("committed %d", at)
	}
}
