package topology_test

import (
	"context"
	"testing"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// An option that is nil is none, wherever options are taken.
func TestNilOptions(t *testing.T) {
	t.Parallel()
	in := topology.NewStream("in", text, count, nil, topology.Partitions(2), nil)
	out := topology.NewStream("out", text, count, nil)
	b := topology.NewBuilder("nil")
	p := topology.AddProcessor(b, "p", text, nil)
	topology.Lookup(p, topology.NewTable("table", text, count, nil))
	state := topology.Persist(p, count, nil)
	topology.AddStore(p, "more", text, count, nil)
	topology.AddTimers(p, "timers", text, topology.WallClock, nil).Handle(func(context.Context, *topology.Timer[string]) error { return nil })
	sink := topology.Output(p, out, nil)
	topology.Input(p, in, nil).Handle(func(_ context.Context, r *topology.Record[string, int64]) error {
		if err := state.Set(r, r.Value); err != nil {
			return err
		}
		return sink.Emit(r, r.Key, r.Value, nil)
	})
	topology.From(topology.AddProcessor(b, "q", text), out, nil).To(topology.NewStream("last", text, count), nil)
	d := topologytest.New(t, mustBuild(t, b), nil)
	topologytest.Input(d, in).Send("k", 1, nil)
}
