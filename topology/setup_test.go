package topology_test

import (
	"context"
	"flag"
	"testing"

	"go.uber.org/goleak"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
)

var update = flag.Bool("update", false, "write golden files instead of comparing with them")

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick")) // one, of the program
}

type (
	userID string
	cityID string
)

var (
	text  = codecs.String[string]()
	users = codecs.String[userID]()
	towns = codecs.String[cityID]()
	count = codecs.Int64()
)

// nothing is a handler.
func nothing[K, V any](context.Context, *topology.Record[K, V]) error { return nil }

// stream and table make edges of text to number.
func stream(topic string, opts ...topology.TopicOption) topology.Stream[string, int64] {
	return topology.NewStream(topic, text, count, opts...)
}

func table(topic string) topology.Table[string, int64] {
	return topology.NewTable(topic, text, count)
}

// processor adds a processor that needs nothing more to be valid.
func processor(b *topology.Builder, name, input string) *topology.Processor[string] {
	p := topology.AddProcessor(b, name, text)
	topology.Input(p, stream(input)).Handle(nothing)
	return p
}

func mustBuild(t testing.TB, b *topology.Builder) *topology.Topology {
	t.Helper()
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return topo
}
