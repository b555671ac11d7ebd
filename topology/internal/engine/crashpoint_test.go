package engine_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// relay counts the records of "in" by key, in its table and in a store, tells each new count to "summer" through an internal, packed stream, and by "last", which comes
// last; "summer" keeps for each key the counts it was told, in their order, and emits them to "out".
func relay() *kernel.Topology {
	told := &kernel.Output{Topic: kernel.Topic{Name: "told", Packed: true}}
	lastly := &kernel.Output{Topic: topic("last"), Last: true}
	out := &kernel.Output{Topic: topic("out")}
	list := &kernel.Table{
		Topic:  kernel.Topic{Name: "test-summer-table", Table: true},
		Encode: func(row any) ([]byte, error) { return []byte(row.(string)), nil },
		Decode: func(data []byte) (any, error) { return string(data), nil },
	}
	return only(
		&kernel.Processor{
			Name: "counter", Group: "test-counter", Own: counts("test-counter-table"), Stores: []*kernel.Table{counts(twinTable)}, Outputs: []*kernel.Output{told, lastly},
			Inputs: []*kernel.Input{{Topic: topic("in"), Handle: func(_ context.Context, t kernel.Task, m *kernel.Message) error {
				n, err := bump(t, m.Key)
				if err != nil {
					return err
				}
				if _, err := bumpIn(t.Store(0), m.Key); err != nil {
					return err
				}
				text := []byte(strconv.Itoa(n))
				return errors.Join(t.Emit(lastly, m.Key, text, m.Timestamp, nil), t.Emit(told, m.Key, text, m.Timestamp, nil))
			}}},
		},
		&kernel.Processor{
			Name: "summer", Group: "test-summer", Own: list, Outputs: []*kernel.Output{out},
			Inputs: []*kernel.Input{{Topic: told.Topic, Handle: func(_ context.Context, t kernel.Task, m *kernel.Message) error {
				row, _, err := t.Own().Get(m.Key)
				if err != nil {
					return err
				}
				all, _ := row.(string)
				return errors.Join(t.Own().Set(m.Key, all+string(m.Value)+";"), t.Emit(out, m.Key, m.Value, m.Timestamp, nil))
			}}},
		},
	)
}

var stepsOf = map[engine.Delivery][]string{
	engine.AtLeastOnce: {engine.StepOutputs, engine.StepLast, engine.StepChangelog, engine.StepStore, engine.StepOffsets},
	engine.ExactlyOnce: {engine.StepBegin, engine.StepProduced, engine.StepOffsetsAdded, engine.StepEnd, engine.StepStore},
}

// A crash behind every step of a commit, of a batch in the middle of a flow, on the same disk and on an empty one. With exactly-once every
// record counts once, in the tables and for readers of committed records, whatever happened. With at-least-once nothing is lost.
func TestCrashAtEveryStep(t *testing.T) {
	t.Parallel()
	for delivery, steps := range stepsOf {
		for _, step := range steps {
			for _, sameDisk := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/same disk %t", delivery, step, sameDisk), func(t *testing.T) {
					t.Parallel()
					crashAt(t, delivery, step, sameDisk)
				})
			}
		}
	}
}

func crashAt(t *testing.T, delivery engine.Delivery, step string, sameDisk bool) {
	const keys, each, partitions, passed = 7, 12, 4, 3
	b := setup(t)
	b.topics(relay(), partitions)
	db := store.OpenMemory()
	t.Cleanup(func() { _ = db.Close() })
	sent := 0
	send := func(n int) {
		for range n {
			b.produce(keyed("in", partitions, strconv.Itoa(sent%keys), ""))
			sent++
		}
	}
	deliver := func(o *engine.Options) { o.Delivery, o.Instance, o.BatchRecords = delivery, "one", 5 }
	var left atomic.Int64
	var crash atomic.Pointer[func()]
	r := b.start(relay(), on(db), deliver, func(o *engine.Options) {
		o.Reached = func(at string) {
			if at == step && left.Add(-1) == 0 {
				(*crash.Load())()
			}
		}
	}).started()
	crashed := make(chan struct{})
	end := func() {
		r.Crash()
		close(crashed)
	}
	crash.Store(&end)
	send(keys * each / 3)
	r.settle()
	left.Store(passed)
	if step == engine.StepOffsets { // many batches share a commit of offsets
		left.Store(1)
	}
	send(keys * each / 3)
	await(t, crashed)
	r.crash()
	send(keys * each / 3)

	tunes := []tune{deliver}
	if sameDisk {
		tunes = append(tunes, on(db))
	}
	last := b.start(relay(), tunes...).started()
	last.settle()
	b.check(last.stop())
	told := map[string][]string{}
	for _, record := range b.committedRecords("out", partitions) {
		told[string(record.Key)] = append(told[string(record.Key)], string(record.Value))
	}
	counted, listed := fold(b.committedRecords("test-counter-table", partitions)), fold(b.committedRecords("test-summer-table", partitions))
	stored := fold(b.committedRecords(twinTable, partitions))
	for k := range keys {
		key := strconv.Itoa(k)
		var want []string
		for n := 1; n <= each; n++ {
			want = append(want, strconv.Itoa(n))
		}
		all := strings.Join(want, ";") + ";"
		if delivery == engine.ExactlyOnce {
			if counted[key] != strconv.Itoa(each) || stored[key] != counted[key] || listed[key] != all || !slices.Equal(told[key], want) {
				t.Errorf("key %s: counted %s and %s of %d, listed %s, told %v", key, counted[key], stored[key], each, listed[key], told[key])
			}
			continue
		}
		if n, _ := strconv.Atoi(stored[key]); n < each || n > each+passed*5 {
			t.Errorf("key %s: counted %d of %d in the store", key, n, each)
		}
		n, _ := strconv.Atoi(counted[key])
		if n < each || n > each+passed*5 {
			t.Errorf("key %s: counted %d of %d", key, n, each)
		}
		for i := 1; i <= n; i++ {
			if !slices.Contains(told[key], strconv.Itoa(i)) {
				t.Errorf("key %s: %d was never told: %v", key, i, told[key])
			}
		}
	}
}

// committedRecords reads a whole topic as readers of committed records do: up to the last record that counts.
func (b *bundle) committedRecords(topic string, partitions int32) []*kgo.Record {
	b.t.Helper()
	client, err := cluster.Open(b.settings())
	b.check(err)
	defer client.Close()
	from := map[int32]kgo.Offset{}
	for p := range partitions {
		from[p] = kgo.NewOffset().AtStart()
	}
	kafka, err := kgo.NewClient(append(cluster.Franz(b.settings()),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())...)
	b.check(err)
	defer kafka.Close()
	ends, err := client.StableEnds(b.ctx, topic)
	b.check(err)
	var records []*kgo.Record
	open := map[int32]bool{}
	for p, end := range ends[topic] {
		open[int32(p)] = end > 0
	}
	for slices.Contains(slices.Collect(maps.Values(open)), true) {
		fetches := kafka.PollFetches(b.ctx)
		b.check(fetches.Err())
		fetches.EachRecord(func(r *kgo.Record) {
			if r.Offset+1 >= ends[topic][r.Partition] {
				open[r.Partition] = false
			}
			if !r.Attrs.IsControl() {
				records = append(records, r)
			}
		})
	}
	return records
}
