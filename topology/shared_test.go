package topology_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// handOn writes a stream and reads it, in one topology.
func handOn(t *testing.T, out, in topology.Stream[string, string]) (*topology.Topology, error) {
	t.Helper()
	b := topology.NewBuilder("relay")
	first := topology.AddProcessor(b, "first", text)
	sink := topology.Output(first, out)
	topology.Input(first, topology.NewStream("in", text, text)).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
		return sink.Emit(r, r.Key, r.Value)
	})
	second := topology.AddProcessor(b, "second", text)
	seen := topology.Persist(second, text)
	topology.Input(second, in).Handle(func(_ context.Context, r *topology.Record[string, string]) error { return seen.Set(r, r.Value) })
	return b.Build()
}

// A stream that is shared with others is kept for as long as any other, also where its own topology reads it, and a reset leaves it as it is.
func TestSharedStreams(t *testing.T) {
	t.Parallel()
	mid, shared := topology.NewStream("relay-mid", text, text), topology.NewStream("relay-shared", text, text, topology.Shared())
	for _, test := range []struct {
		stream topology.Stream[string, string]
		keeps  string
		left   int // records after a reset
	}{{mid, "-1", 0}, {shared, "3600000", 1}} {
		topo, err := handOn(t, test.stream, test.stream)
		if err != nil {
			t.Fatal(err)
		}
		cfg := topology.Config{Brokers: topologytest.StartBroker(t), Partitions: 1, StreamRetention: time.Hour}
		t.Run(test.stream.Topic(), func(t *testing.T) {
			app := topologytest.RunApp(t, topo, cfg)
			if err := topology.Produce(t.Context(), app.Producer(), topology.NewStream("in", text, text), "k", "v"); err != nil {
				t.Fatal(err)
			}
			settled(t, app)
		})
		f := newForeign(t, cfg.Brokers)
		configs, err := kadm.NewClient(f.kafka).DescribeTopicConfigs(t.Context(), test.stream.Topic())
		if err != nil {
			t.Fatal(err)
		}
		found := ""
		for _, c := range configs[0].Configs {
			if c.Key == "retention.ms" {
				found = c.MaybeValue()
			}
		}
		if found != test.keeps {
			t.Errorf("%s is kept for %q ms, want %s", test.stream.Topic(), found, test.keeps)
		}
		cfg.DataDir = t.TempDir()
		if err := topology.Reset(t.Context(), topo, cfg, topology.RepairOptions{}); err != nil {
			t.Fatal(err)
		}
		lines := read(t, cfg.Brokers, test.stream, func(r *topology.Record[string, string]) string { return r.Value })
		if len(lines) != test.left {
			t.Errorf("%s has %q after a reset", test.stream.Topic(), lines)
		}
	}
	if _, err := handOn(t, shared, topology.NewStream("relay-shared", text, text)); err == nil || !strings.Contains(err.Error(), "with and without Shared") {
		t.Errorf("declared in two ways: %v", err)
	}
}
