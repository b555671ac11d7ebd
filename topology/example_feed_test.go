package topology_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// visit is a record of an example: a key and a time of the first of May.
type visit struct{ key, at string }

// appTB is what an app of an example needs of a test.
type appTB struct {
	exampleTB
	cleanups *[]func()
}

func (t appTB) Cleanup(f func())          { *t.cleanups = append(*t.cleanups, f) }
func (t appTB) Errorf(f string, a ...any) { t.Fatalf(f, a...) }
func (t appTB) Error(a ...any)            { t.Fatal(a...) }

// feed runs a topology at one partition, sends it records, one after the other, and returns what came of it, by topic.
func feed(b *topology.Builder, in topology.Stream[string, string], visits []visit, out ...topology.Stream[string, string]) (lines []string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	t := appTB{cleanups: &[]func(){}}
	defer func() {
		for _, cleanup := range slices.Backward(*t.cleanups) {
			cleanup()
		}
	}()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	topo, err := b.Build()
	must(err)
	cfg := topology.Config{Brokers: topologytest.StartBroker(t), InMemory: true, Partitions: 1}
	app := topologytest.RunApp(t, topo, cfg)
	for _, v := range visits {
		at, err := time.Parse(time.DateTime, "2026-05-01 "+v.at)
		must(err)
		must(topology.Produce(ctx, app.Producer(), in, v.key, v.at, topology.At(at)))
	}
	must(app.Settle(ctx))
	for _, s := range out {
		ends, err := topology.Ends(ctx, cfg, s)
		must(err)
		must(topology.Read(ctx, cfg, s, nil, ends, func(_ context.Context, r *topology.Record[string, string]) error {
			lines = append(lines, fmt.Sprint(r.Topic(), " ", r.Key, " ", r.Value))
			return nil
		}))
	}
	return lines
}
