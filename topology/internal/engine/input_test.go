package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Handlers get records as they are in the log. Goka drops tombstones by default, takes no key for an empty one and keeps one header of
// each name, in no order.
func TestRecordsArriveUnchanged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	got := make(chan *kernel.Message, 10)
	p.Inputs[0].Handle = func(_ context.Context, _ kernel.Task, m *kernel.Message) error {
		got <- m
		return nil
	}
	b.topics(only(p), 1)
	at := time.UnixMilli(1_600_000_000_123)
	sent := []*kgo.Record{
		{Key: []byte("a"), Value: []byte("v"), Headers: []kgo.RecordHeader{{Key: "x", Value: []byte("1")}, {Key: "y", Value: nil}, {Key: "x", Value: []byte("2")}}},
		{Key: []byte("a"), Value: nil},
		{Key: []byte{}, Value: []byte{}},
		{Key: nil, Value: []byte("w")},
	}
	for _, r := range sent {
		r.Topic, r.Timestamp = "in", at
	}
	b.produce(sent...)
	b.start(only(p)).started().settle()
	for i, r := range sent {
		m := await(t, got)
		want := &kernel.Message{Topic: "in", Offset: int64(i), Key: r.Key, Value: r.Value, Timestamp: at}
		for _, h := range r.Headers {
			want.Headers = append(want.Headers, kernel.Header{Key: h.Key, Value: h.Value})
		}
		if m.Timestamp.Equal(at) {
			m.Timestamp = at
		}
		if diff := cmp.Diff(want, m); diff != "" {
			t.Errorf("record %d (-want +got):\n%s", i, diff)
		}
	}
}

// A loop's messages may be there before the group's first offset is. Read from the newest record, as goka does, they are lost.
func TestLoopBeginsAtItsOldestRecord(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := looper()
	b.topics(only(p), 8)
	b.produce(keyed("test-looper-loop", 8, "a", "3"))
	r := b.start(only(p)).started()
	r.settle()
	rows := b.read("test-looper-table")
	if len(rows) == 0 || string(rows[len(rows)-1].Value) != "4" {
		t.Errorf("the table is %v", sprint(rows))
	}
	b.check(r.stop())
}

// A hop of a loop has no timer in its way: with goka's flush frequency of 100 ms these would take 20 s.
func TestHopsAreQuick(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := looper()
	b.topics(only(p), 8)
	r := b.start(only(p)).started()
	start := time.Now()
	b.produce(keyed("in", 8, "a", "200"))
	r.settle()
	if took := time.Since(start); took > 8*time.Second {
		t.Errorf("200 hops took %s", took)
	}
}

// Inputs and loop share the partition's task: one record at a time, whatever the topic.
func TestOneRecordAtATime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, loop := looper()
	busy := make([]chan struct{}, 8)
	for i := range busy {
		busy[i] = make(chan struct{}, 1)
	}
	alone := func(h kernel.Handler) kernel.Handler {
		return func(ctx context.Context, task kernel.Task, m *kernel.Message) error {
			select {
			case busy[m.Partition] <- struct{}{}:
			default:
				t.Errorf("two records of partition %d at once", m.Partition)
			}
			defer func() { <-busy[m.Partition] }()
			return h(ctx, task, m)
		}
	}
	p.Inputs[0].Handle, p.Loop.Handle = alone(p.Inputs[0].Handle), alone(p.Loop.Handle)
	b.topics(only(p), 8)
	r := b.start(only(p)).started()
	for range 50 {
		b.produce(keyed("in", 8, "a", "5"), keyed("in", 8, "b", "5"), keyed("in", 8, "c", "5"))
	}
	r.settle()
	if n := len(b.read(loop.Topic.Name)); n != 750 {
		t.Errorf("%d records in the loop", n)
	}
	last := map[string]string{}
	for _, row := range b.read("test-looper-table") {
		last[string(row.Key)] = string(row.Value)
	}
	if diff := cmp.Diff(map[string]string{"a": "300", "b": "300", "c": "300"}, last); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}
