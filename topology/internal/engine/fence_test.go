package engine_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// deaf keeps the heartbeats of a group's one member from it: no answer comes, to any of its clients.
func (b *bundle) deaf(group string) {
	b.t.Helper()
	groups, err := b.admin.DescribeGroups(b.ctx, group)
	b.check(err)
	members := groups[group].Members
	if len(members) != 1 {
		b.t.Fatalf("%d members", len(members))
	}
	id := members[0].MemberID
	b.cluster.ControlKey(int16(kmsg.Heartbeat), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.KeepControl()
		if req.(*kmsg.HeartbeatRequest).MemberID == id {
			return nil, nil, true // swallowed
		}
		return nil, nil, false
	})
}

// fold is the last value of each key, as a reader has it that knows nothing of epochs.
func fold(records []*kgo.Record) map[string]string {
	rows := map[string]string{}
	for _, r := range records {
		rows[string(r.Key)] = string(r.Value)
		if r.Value == nil {
			delete(rows, string(r.Key))
		}
	}
	return rows
}

// A member that gets no answer to its heartbeats believes that it still owns what the group has given to another. What it does then must not
// count: neither while it lives, nor when it has died and the next owner begins with an empty disk.
func TestDeafMemberWritesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.session = 6 * time.Second
	gate, entered := make(chan struct{}), make(chan struct{}, 1)
	p, _ := counter()
	b.topics(only(p), 1)
	counting := p.Inputs[0].Handle
	p.Inputs[0].Handle = func(ctx context.Context, task kernel.Task, m *kernel.Message) error {
		if string(m.Value) == "wait" {
			entered <- struct{}{}
			<-gate
		}
		return counting(ctx, task, m)
	}
	former := b.start(only(p)).started()
	b.produce(to("in", 0, "a", ""))
	former.settle()
	b.deaf(p.Group)
	b.produce(to("in", 0, "a", "wait"))
	await(t, entered) // it is in the middle of a record

	q, _ := counter()
	next := b.start(only(q)) // waits for the session of the former one to time out
	b.produce(to("in", 0, "a", ""))
	next.started().settle()
	before := len(b.read("test-counter-table"))
	close(gate)
	b.check(former.stop())
	rows := b.read("test-counter-table")
	if got := sprint(rows); len(got) != before || got[len(got)-1] != "a=3" {
		t.Errorf("the changelog is %v, %d records before the former owner went on", got, before)
	}
	next.crash()

	r, _ := counter()
	last := b.start(only(r)).started()
	b.produce(to("in", 0, "a", ""))
	last.settle()
	// Marks that did not get to the broker before the crash may lead to repeats, never to a loss.
	if n, err := strconv.Atoi(fold(b.read("test-counter-table"))["a"]); err != nil || n < 4 {
		t.Errorf("counted %d of 4", n)
	}
}

// strange is a changelog record that a former owner's task wrote, with its epoch.
func strange(topic, key, value string, epoch int64) *kgo.Record {
	stamp := fence.Stamp{Task: fence.Task{Processor: "counter"}, Epoch: epoch}
	return &kgo.Record{
		Topic: topic, Key: []byte(key), Value: []byte(value), Headers: []kgo.RecordHeader{{Key: fence.HeaderKey, Value: stamp.Append(nil)}},
	}
}

// What a former owner had under way when it lost the partition arrives behind what the owner wrote. Readers that know of epochs drop
// it; and the owner writes the rows again, so that those which know nothing of them, and compaction, find them right: when it next writes, when
// it looks, or when the next owner begins.
func TestFormerOwnersRowsAreHealed(t *testing.T) {
	t.Parallel()
	tables := []string{"test-counter-table", twinTable}
	for name, then := range map[string]func(b *bundle, r *run, db *store.DB) *run{
		"at the next write": func(b *bundle, r *run, _ *store.DB) *run {
			b.produce(to("in", 0, "other", ""))
			r.settle()
			return r
		},
		"by looking": func(b *bundle, r *run, _ *store.DB) *run {
			for _, table := range tables {
				for fold(b.committedRecords(table, 1))["a"] != "2" {
					b.check(b.ctx.Err())
				}
			}
			return r
		},
		"by the next owner": func(b *bundle, r *run, _ *store.DB) *run {
			b.check(r.stop())
			return b.start(only(twin())).started()
		},
		"by the next owner, on the same disk": func(b *bundle, r *run, db *store.DB) *run {
			b.check(r.stop())
			return b.start(only(twin()), on(db)).started()
		},
		"by the next owner, exactly once": func(b *bundle, r *run, _ *store.DB) *run {
			b.check(r.stop())
			return b.start(only(twin()), func(o *engine.Options) { o.Delivery = engine.ExactlyOnce }).started()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			k := only(twin())
			b.topics(k, 1)
			db := store.OpenMemory()
			t.Cleanup(func() { _ = db.Close() })
			quick := func(o *engine.Options) {
				if name == "by looking" {
					o.PurgeInterval = 50 * time.Millisecond
				}
			}
			r := b.start(k, on(db), quick).started()
			b.produce(to("in", 0, "a", ""), to("in", 0, "a", ""), to("in", 0, "b", ""))
			r.settle()
			for _, table := range tables {
				b.produce(strange(table, "a", "1", 1), strange(table, "ghost", "7", 1))
			}
			last := then(b, r, db)
			for _, table := range tables {
				for {
					rows := fold(b.committedRecords(table, 1))
					if rows["a"] == "2" && rows["ghost"] == "" && rows["b"] == "1" {
						break
					}
					if b.ctx.Err() != nil {
						t.Fatalf("%s is %v", table, sprint(b.committedRecords(table, 1)))
					}
				}
			}
			b.produce(to("in", 0, "a", ""))
			last.settle()
			for _, table := range tables {
				if rows := fold(b.committedRecords(table, 1)); rows["a"] != "3" {
					t.Errorf("%s is %v", table, rows)
				}
			}
		})
	}
}

// An internal stream is read without what a former owner sent behind its successor's records.
func TestFormerOwnersOutputsAreDropped(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mid := &kernel.Output{Topic: topic("mid")}
	first := &kernel.Processor{
		Name: "first", Group: "test-first", Outputs: []*kernel.Output{mid},
		Inputs: []*kernel.Input{{Topic: topic("in"), Handle: func(_ context.Context, t kernel.Task, m *kernel.Message) error {
			return t.Emit(mid, m.Key, m.Value, m.Timestamp, nil)
		}}},
	}
	last := &kernel.Table{
		Topic:  kernel.Topic{Name: "test-second-table", Table: true},
		Encode: func(row any) ([]byte, error) { return row.([]byte), nil },
		Decode: func(data []byte) (any, error) { return data, nil },
	}
	second := &kernel.Processor{
		Name: "second", Group: "test-second", Own: last,
		Inputs: []*kernel.Input{{Topic: mid.Topic, Handle: func(_ context.Context, t kernel.Task, m *kernel.Message) error {
			for _, h := range m.Headers {
				if strings.HasPrefix(h.Key, "eddy-") {
					return errTest // the framework's headers are not the handler's business
				}
			}
			return t.Own().Set(m.Key, m.Value)
		}}},
	}
	k := only(first, second)
	b.topics(k, 1)
	late := func(value string) *kgo.Record {
		r := strange("mid", "a", value, 1)
		r.Headers[0].Value = fence.Stamp{Task: fence.Task{Processor: "first"}, Epoch: 1}.Append(nil)
		return r
	}
	b.produce(late("early")) // before anybody else wrote: it counts
	r := b.start(k).started()
	r.settle()
	if rows := fold(b.read("test-second-table")); rows["a"] != "early" {
		t.Errorf("the table is %v", rows)
	}
	b.produce(to("in", 0, "a", "new"))
	r.settle()
	b.produce(late("late"))
	r.settle()
	b.check(r.stop())
	b.produce(late("later still")) // the reader remembers over a restart
	r = b.start(k).started()
	r.settle()
	if rows := fold(b.read("test-second-table")); rows["a"] != "new" {
		t.Errorf("the table is %v", rows)
	}
	b.check(r.stop())
}

// A partition whose changelog is not acknowledged, because its leader moves, holds up no other partition, and no other processor.
func TestSlowChangelogHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	other, _ := counter()
	other.Name, other.Group = "other", "test-other"
	other.Own = counts("test-other-table")
	b.topics(only(p, other), 2)
	r := b.start(only(p, other)).started()
	keys := map[int32]string{}
	for i := 0; len(keys) < 2; i++ {
		key := strconv.Itoa(i)
		keys[cluster.Partition([]byte(key), 2)] = key
	}
	r.keep(ofTopic("test-counter-table")) // of partition 0, for none of 1 is sent yet
	b.produce(to("in", 0, keys[0], ""))
	r.heldBack(t)
	r.keep(nil)
	for range 5 {
		b.produce(to("in", 1, keys[1], ""))
	}
	for b.committed(p.Group, "in", 1) < 5 || b.committed(other.Group, "in", 0) < 1 || b.committed(other.Group, "in", 1) < 5 {
		b.check(b.ctx.Err())
	}
	if at := b.committed(p.Group, "in", 0); at > 0 {
		t.Errorf("partition 0 is committed to %d", at)
	}
	r.open()
	r.settle()
	b.check(r.stop())
}
