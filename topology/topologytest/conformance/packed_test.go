package conformance_test

import (
	"context"
	"fmt"
	"strconv"

	"github.com/eddystream/eddy/topology"
)

// packedStreams sends several messages of a batch to one partition: between two processors, with and without Last, and in a loop.
func packedStreams() scenario {
	return scenario{
		name: "packed streams", inputs: []string{"in"}, outputs: []string{"out"}, tables: []string{"conform-walker-table"},
		packed: []string{"steps", "ends"}, // the loop too, but it is purged
		build: func(b *topology.Builder) {
			steps, ends := stream("steps").Packed(), stream("ends").Packed()
			p := topology.AddProcessor(b, "sender", text)
			last, step := topology.Output(p, ends, topology.Last()), topology.Output(p, steps)
			topology.Input(p, stream("in")).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
				for i := range 4 {
					if err := step.Emit(r, r.Key, strconv.Itoa(i)); err != nil {
						return err
					}
				}
				if err := step.EmitDelete(r, r.Key); err != nil {
					return err
				}
				if err := last.Emit(r, "end-"+r.Key, "", topology.WithHeader("of", []byte(r.Key))); err != nil {
					return err
				}
				return last.Emit(r, "end-"+r.Key, r.Value)
			})
			q := topology.AddProcessor(b, "walker", text)
			state, out, loop := topology.Persist(q, text), topology.Output(q, stream("out")), topology.Loop(q, text)
			walk := func(_ context.Context, r *topology.Record[string, string]) error {
				n, _, err := state.Get(r)
				if err != nil {
					return err
				}
				if err := state.Set(r, plus(n, 1)); err != nil {
					return err
				}
				if r.Deleted {
					return out.EmitDelete(r, "deleted-"+r.Key)
				}
				left, err := strconv.Atoi(r.Value)
				if err != nil {
					return err
				}
				for range left {
					if err := loop.Send(r, "next-"+r.Key, strconv.Itoa(left-2)); err != nil {
						return err
					}
				}
				return nil
			}
			loop.Handle(walk)
			topology.Input(q, steps).Handle(walk)
			topology.Input(q, ends).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
				of, _ := r.Header("of")
				return out.Emit(r, r.Key, fmt.Sprintf("%q of %q", r.Value, of))
			})
		},
		steps: many("in", 60, 9, strconv.Itoa),
		want:  map[string]map[string]string{"conform-walker-table": {"k0": "35", "k8": "30", "next-k0": "42", "next-next-k0": "21"}},
	}
}
