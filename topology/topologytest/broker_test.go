package topologytest_test

import (
	"context"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// TestBrokerKeepsItsData produces to a broker with a folder and consumes from the next one on it.
func TestBrokerKeepsItsData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	words := topology.NewStream("words", codecs.String[string](), codecs.String[string]())
	b := topology.NewBuilder("kept")
	p := topology.AddProcessor(b, "reader", codecs.String[string]())
	topology.Input(p, words).Handle(func(context.Context, *topology.Record[string, string]) error { return nil })
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()

	var port int
	t.Run("first", func(t *testing.T) {
		brokers := topologytest.StartBroker(t, topologytest.WithDataDir(dir), topologytest.WithSyncWrites())
		cfg := topology.Config{Brokers: brokers, InMemory: true, Partitions: 1}
		if err := topology.CreateTopics(ctx, topo, cfg); err != nil {
			t.Fatal(err)
		}
		out, err := topology.OpenProducer(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := topology.Produce(ctx, out, words, "k", "v"); err != nil {
			t.Error(err)
		}
		if err := out.Close(); err != nil {
			t.Error(err)
		}
		_, text, err := net.SplitHostPort(brokers[0])
		if err != nil {
			t.Fatal(err)
		}
		if port, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	})
	brokers := topologytest.StartBroker(t, topologytest.WithDataDir(dir), topologytest.WithPort(port), topologytest.WithBrokers(1))
	read, stop := context.WithCancel(ctx)
	defer stop()
	var got string
	err = topology.Consume(read, topology.Config{Brokers: brokers}, words, func(_ context.Context, r *topology.Record[string, string]) error {
		got = r.Key + "=" + r.Value
		stop()
		return nil
	})
	if err != nil || got != "k=v" {
		t.Errorf("read %q, %v", got, err)
	}
}
