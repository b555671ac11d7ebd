package topology_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// A table that is joined and looked up is one edge, a lookup, and both handles read it.
func TestJoinedAndLookedUpIsOneEdge(t *testing.T) {
	t.Parallel()
	for _, joinFirst := range []bool{true, false} {
		t.Run(fmt.Sprintf("join first %t", joinFirst), func(t *testing.T) {
			t.Parallel()
			in, out, rows := stream("in"), stream("out"), table("rows")
			b := topology.NewBuilder("t")
			p := topology.AddProcessor(b, "p", text)
			topology.Lookup(p, table("another"))
			topology.Join(p, table("a-third"))
			var joined topology.Joined[string, int64]
			var looked topology.Reference[string, int64]
			if joinFirst {
				joined = topology.Join(p, rows)
				looked = topology.Lookup(p, rows)
			} else {
				looked = topology.Lookup(p, rows)
				joined = topology.Join(p, rows)
			}
			sink := topology.Output(p, out)
			topology.Input(p, in).Handle(func(_ context.Context, r *topology.Record[string, int64]) error {
				here, _, err := joined.Get(r)
				if err != nil {
					return err
				}
				there, _, err := looked.Get(r, "there")
				if err != nil {
					return err
				}
				return sink.Emit(r, r.Key, here+there)
			})
			topo := mustBuild(t, b)
			if k := topo.Kernel().Processors[0]; len(k.Joins) != 1 || len(k.Lookups) != 2 || k.Lookups[1].Index != 1 {
				t.Fatalf("%d joins, %d lookups", len(k.Joins), len(k.Lookups))
			}
			d := topologytest.New(t, topo)
			seed := topologytest.Seed(d, rows)
			seed.Send("here", 1)
			seed.Send("there", 2)
			topologytest.Input(d, in).Send("here", 0)
			if _, n, _ := topologytest.Output(d, out).Next(); n != 3 {
				t.Errorf("here + there = %d, want 3", n)
			}
		})
	}
}
