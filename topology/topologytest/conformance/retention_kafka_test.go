//go:build kafka

package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/integration/kafka" //nolint:depguard // a cluster of its own, with retention at work
	"github.com/eddystream/eddy/topology"
)

// TestOldEventsPassOnKafka has events of eight days ago pass a pipeline whose second processor begins when the brokers have long deleted all
// that is older than a week; then what was read is purged.
func TestOldEventsPassOnKafka(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cluster, err := kafka.Start(ctx, kafka.Options{JVM: []string{"-Xmx512m"}, Config: map[string]string{
		"log.retention.check.interval.ms": "500", "log.initial.task.delay.ms": "500", "log.segment.delete.delay.ms": "0",
	}})
	must(t, err)
	defer func() { must(t, cluster.Stop()) }()
	number := codecs.Int64()
	in := topology.NewStream("in", text, number, topology.Retention(-1))
	control := topology.NewStream("control", text, number, topology.Retention(7*24*time.Hour))
	mid := topology.NewStream("old-mid", text, number)
	b := topology.NewBuilder("old")
	flow := topology.From(topology.AddProcessor(b, "first", text), in)
	flow.To(mid)
	flow.To(control)
	sums := topology.Aggregate(topology.From(topology.AddProcessor(b, "second", text), mid), number, func(sum, v int64) int64 { return sum + v })
	topo, err := b.Build()
	must(t, err)
	cfg := topology.Config{Brokers: cluster.Addrs(), InMemory: true, Partitions: 2}
	must(t, topology.CreateTopics(ctx, topo, cfg))
	out, err := topology.OpenProducer(cfg)
	must(t, err)
	defer func() { must(t, out.Close()) }()
	for i := range 100 {
		must(t, topology.Produce(ctx, out, in, fmt.Sprint("k", i%10), 1, topology.At(time.Now().Add(-8*24*time.Hour))))
	}
	must(t, out.Flush(ctx))
	part := cfg
	part.Processors = []string{"first"}
	app, stop := run(t, topo, part)
	rest := make(chan error, 1)
	go func() { rest <- app.Settle(ctx) }() // which waits for second too

	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.Addrs()...))
	must(t, err)
	defer client.Close()
	admin := kadm.NewClient(client)
	// The brokers have looked at all topics when what is beside is gone.
	gone := func(topic string) bool {
		starts, err := admin.ListStartOffsets(ctx, topic)
		must(t, err)
		ends, err := admin.ListEndOffsets(ctx, topic)
		must(t, err)
		all := true
		var records int64
		ends.Each(func(end kadm.ListedOffset) {
			start, _ := starts.Lookup(topic, end.Partition)
			all = all && start.Offset == end.Offset
			records += end.Offset
		})
		return all && records == 100
	}
	await := func(topic string) {
		t.Helper()
		for !gone(topic) {
			must(t, ctx.Err())
			time.Sleep(100 * time.Millisecond)
		}
	}
	await("control")
	if gone("old-mid") {
		t.Fatal("what nobody has read was deleted")
	}
	part.Processors = []string{"second"}
	other, stopOther := run(t, topo, part)
	must(t, errors.Join(<-rest, other.Settle(ctx)))
	stop()
	stopOther()
	view, err := topology.OpenView(sums.Table(), cfg)
	must(t, err)
	defer view.Close()
	go func() { _ = view.Run(ctx) }()
	must(t, view.Settle(ctx))
	var total int64
	for e, err := range view.All() {
		must(t, err)
		total += e.Value
	}
	if total != 100 {
		t.Errorf("of 100 records second counted %d", total)
	}
}
