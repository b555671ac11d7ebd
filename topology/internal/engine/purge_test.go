package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// passing passes records on, as they are.
func passing(name, from string, to *kernel.Output) *kernel.Processor {
	return &kernel.Processor{
		Name: name, Group: "test-" + name, Outputs: []*kernel.Output{to},
		Inputs: []*kernel.Input{{Topic: topic(from), Handle: func(_ context.Context, t kernel.Task, m *kernel.Message) error {
			return t.Emit(to, m.Key, m.Value, m.Timestamp, nil)
		}}},
	}
}

// counting counts the records of a stream by key.
func counting(name string, of kernel.Topic) *kernel.Processor {
	return &kernel.Processor{
		Name: name, Group: "test-" + name, Own: counts("test-" + name + "-table"),
		Inputs: []*kernel.Input{{Topic: of, Handle: func(_ context.Context, t kernel.Task, m *kernel.Message) error {
			_, err := bump(t, m.Key)
			return err
		}}},
	}
}

// start is the first offset of a partition.
func (b *bundle) logStart(topic string, partition int32) int64 {
	b.t.Helper()
	starts, err := b.admin.ListStartOffsets(b.ctx, topic)
	b.check(err)
	at, ok := starts.Lookup(topic, partition)
	if !ok {
		b.t.Fatalf("topic %q has no partition %d", topic, partition)
	}
	return at.Offset
}

// Events that are older than any retention get through a pipeline whose second processor is away while the brokers delete by age, whatever
// the stream between is called, and whether it is packed or not.
func TestOldEventsPass(t *testing.T) {
	t.Parallel()
	for name, mid := range map[string]kernel.Topic{
		"named after the topology": {Name: "test-mid"}, "named otherwise": {Name: "mid"}, "packed": {Name: "mid", Packed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			first := passing("first", "in", &kernel.Output{Topic: mid})
			second := counting("second", mid)
			first.Inputs[0].Topic.Retention = -1
			whole := only(first, second)
			client, err := cluster.Open(b.settings())
			b.check(err)
			defer client.Close()
			b.check(cluster.EnsureTopics(b.ctx, client, whole, cluster.Policy{Partitions: 1, Replication: 1}))
			part := func(k *kernel.Processor) *run {
				return b.start(only(k), func(o *engine.Options) { o.Whole, o.PurgeInterval = whole, 5*time.Millisecond })
			}
			one := part(first).started()
			old := time.Now().Add(-8 * 24 * time.Hour)
			for range 20 {
				b.produce(&kgo.Record{Topic: "in", Key: []byte("a"), Value: []byte("x"), Timestamp: old})
			}
			one.settle()
			b.cluster.ApplyRetention()
			if at := b.logStart(mid.Name, 0); at != 0 {
				t.Fatalf("what nobody has read was deleted: the log begins at %d", at)
			}
			two := part(second).started()
			two.settle()
			rows := b.read("test-second-table")
			if len(rows) == 0 || string(rows[len(rows)-1].Value) != "20" {
				t.Errorf("of 20 records second counted %v", sprint(rows))
			}
		})
	}
}

// An internal stream is purged behind the last of its readers: those of the topology, also before they have begun, and any other group.
// Streams that have a retention, or that somebody else made, are left alone.
func TestInternalStreamsArePurged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	kept := kernel.Topic{Name: "test-kept", Retention: -1}
	mid, keptOut := &kernel.Output{Topic: topic("test-mid")}, &kernel.Output{Topic: kept}
	theirs := &kernel.Output{Topic: topic("theirs")}
	first := passing("first", "in", mid)
	first.Outputs = append(first.Outputs, keptOut, theirs)
	first.Inputs[0].Handle = func(_ context.Context, t kernel.Task, m *kernel.Message) error {
		for _, out := range []*kernel.Output{mid, keptOut, theirs} {
			if err := t.Emit(out, m.Key, m.Value, m.Timestamp, nil); err != nil {
				return err
			}
		}
		return nil
	}
	second, third := counting("second", mid.Topic), counting("third", mid.Topic)
	second.Inputs = append(second.Inputs, &kernel.Input{Topic: kept, Handle: second.Inputs[0].Handle}, &kernel.Input{Topic: theirs.Topic, Handle: second.Inputs[0].Handle})
	whole := only(first, second, third)
	_, err := b.admin.CreateTopic(b.ctx, 1, 1, map[string]*string{"retention.ms": new("-1")}, "theirs")
	b.check(err)
	b.topics(whole, 1)
	tuned := func(o *engine.Options) { o.Whole, o.PurgeInterval = whole, 5*time.Millisecond }
	two := b.start(only(first, second), tuned).started()
	for range 10 {
		b.produce(to("in", 0, "a", "x"))
	}
	two.settle()
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: "test-mid", Partition: 0, At: 4, LeaderEpoch: -1})
	b.check(b.admin.CommitAllOffsets(b.ctx, "somebody else's", offsets))
	if at := b.logStart("test-mid", 0); at != 0 {
		t.Fatalf("what third has not read was deleted: the log begins at %d", at)
	}
	three := b.start(only(third), tuned).started()
	three.settle()
	awaitStart := func(want int64) {
		t.Helper()
		for at := int64(-1); at != want; at = b.logStart("test-mid", 0) {
			if at > want || b.ctx.Err() != nil {
				t.Fatalf("the log begins at %d, not at %d", at, want)
			}
		}
	}
	awaitStart(4)
	offsets.Add(kadm.Offset{Topic: "test-mid", Partition: 0, At: 10, LeaderEpoch: -1})
	b.check(b.admin.CommitAllOffsets(b.ctx, "somebody else's", offsets))
	awaitStart(10)
	for _, topic := range []string{"in", "test-kept", "theirs"} {
		if at := b.logStart(topic, 0); at != 0 {
			t.Errorf("topic %q was purged to %d", topic, at)
		}
	}
}
