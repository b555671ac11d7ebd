package topology_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// operator is a random operator on numbers.
type operator struct {
	Kind string
	N    int64
}

func (o operator) apply(f topology.Flow[string, int64]) topology.Flow[string, int64] {
	switch o.Kind {
	case "filter":
		return f.Filter(func(_ string, v int64) bool { return v%o.N != 0 })
	case "map":
		return topology.Map(f, func(k string, v int64) int64 { return v*o.N + int64(len(k)) })
	case "flatmap":
		return topology.FlatMap(f, func(_ string, v int64) []int64 { return slices.Repeat([]int64{v}, int(o.N)) })
	default:
		return topology.Merge(f, topology.Map(f, func(_ string, v int64) int64 { return v + o.N }))
	}
}

// build makes one flow of the operators; it is cut by a Rekey, at the same key, before each place in cuts.
func build(t testing.TB, in topology.Stream[string, int64], ops []operator, cuts []bool) (*topology.Topology, topology.Table[string, []int64]) {
	b := topology.NewBuilder("t")
	flow := topology.From(topology.AddProcessor(b, "p", text), in)
	for i, op := range ops {
		if cuts[i] {
			through := stream(fmt.Sprintf("cut-%d", i))
			topology.Rekey(flow, through, func(k string, _ int64) string { return k })
			flow = topology.From(topology.AddProcessor(b, fmt.Sprintf("p%d", i), text), through)
		}
		flow = op.apply(flow)
	}
	all := topology.Aggregate(flow, codecs.JSON[[]int64](), func(all []int64, v int64) []int64 { return append(all, v) })
	return mustBuild(t, b), all.Table()
}

// A flow gives the same table fused or cut, in any order across topics, in any batches, with or without a cache.
func TestFusedOrCut(t *testing.T) {
	t.Parallel()
	in := stream("in")
	rapid.Check(t, func(rt *rapid.T) {
		ops := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) operator {
			return operator{rapid.SampledFrom([]string{"filter", "map", "flatmap", "merge"}).Draw(rt, "kind"), rapid.Int64Range(1, 3).Draw(rt, "n")}
		}), 1, 4).Draw(rt, "operators")
		cuts := rapid.SliceOfN(rapid.Bool(), len(ops), len(ops)).Draw(rt, "cuts")
		keys := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "bb", "ccc"}), 0, 20).Draw(rt, "keys")
		run := func(cuts []bool, opts ...topologytest.DriverOption) []topologytest.Entry[string, []int64] {
			topo, all := build(t, in, ops, cuts)
			d := topologytest.New(t, topo, opts...)
			feed := topologytest.Input(d, in)
			for i, k := range keys {
				feed.Queue(k, int64(i))
			}
			d.Settle()
			return topologytest.Rows(d, all)
		}
		want := run(make([]bool, len(ops)))
		seed := rapid.Uint64().Draw(rt, "seed")
		for name, got := range map[string][]topologytest.Entry[string, []int64]{
			"cut":         run(cuts),
			"batches":     run(cuts, topologytest.Batch(4)),
			"interleaved": run(cuts, topologytest.Batch(4), topologytest.Interleave(seed), topologytest.Fresh()),
		} {
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatalf("%s (-fused +%s):\n%s", name, name, diff)
			}
		}
	})
}
