package topology_test

import (
	"context"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// A handler that fans out and waits loses nothing, whatever its goroutines use: the test is for -race, too.
func TestHandlesInGoroutines(t *testing.T) {
	t.Parallel()
	const goroutines, each = 8, 100
	in, out, last := stream("in"), stream("out"), stream("last")
	b := topology.NewBuilder("t")
	p := topology.AddProcessor(b, "p", text)
	plain, ends := topology.Output(p, out), topology.Output(p, last, topology.Last())
	state, rows := topology.Persist(p, count), topology.AddStore(p, "rows", codecs.PairOf(text, codecs.Int64()), count)
	timers := topology.AddTimers(p, "timers", codecs.PairOf(text, codecs.Int64()), topology.StreamTime)
	joined, known := topology.Join(p, table("joined")), topology.Lookup(p, table("known"))
	fired := 0
	timers.Handle(func(context.Context, *topology.Timer[codecs.Pair[string, int64]]) error {
		fired++
		return nil
	})
	topology.Input(p, in).Handle(func(_ context.Context, r *topology.Record[string, int64]) error {
		var group errgroup.Group
		for i := range int64(goroutines) {
			group.Go(func() error {
				for j := range int64(each) {
					key := codecs.Pair[string, int64]{First: r.Key, Second: i*each + j}
					for _, step := range []func() error{
						func() error { return plain.Emit(r, r.Key, j) },
						func() error { return ends.Emit(r, r.Key, j, topology.WithHeader("h", nil)) },
						func() error { return plain.EmitDelete(r, r.Key) },
						func() error { return state.Set(r, j) },
						func() error { _, _, err := state.Get(r); return err },
						func() error { return rows.Set(r, key, j) },
						func() error { _, err := rows.GetMany(r, []codecs.Pair[string, int64]{key}); return err },
						func() error { return timers.Set(r, key, r.Timestamp()) },
						func() error { _, _, err := joined.Get(r); return err },
						func() error { _, _, err := known.Get(r, fmt.Sprint(i, j)); return err },
						func() error { return rows.Delete(r, codecs.Pair[string, int64]{First: r.Key, Second: -j - 1}) },
					} {
						if err := step(); err != nil {
							return err
						}
					}
					if j%10 == 0 {
						for _, err := range rows.Prefix(r, codecs.Pair[string, int64]{First: r.Key}) {
							if err != nil {
								return err
							}
						}
					}
				}
				return nil
			})
		}
		return group.Wait()
	})
	d := topologytest.New(t, mustBuild(t, b), topologytest.Partitions(1))
	topologytest.Input(d, in).Send("k", 1)
	if got := len(topologytest.Output(d, out).All()); got != 2*goroutines*each {
		t.Errorf("%d records, want %d", got, 2*goroutines*each)
	}
	if got := len(topologytest.Output(d, last).All()); got != goroutines*each {
		t.Errorf("%d last records, want %d", got, goroutines*each)
	}
	found := 0
	for i := range int64(goroutines * each) {
		if _, ok := topologytest.Value(d, rows.Table(), codecs.Pair[string, int64]{First: "k", Second: i}); ok {
			found++
		}
	}
	if found != goroutines*each || fired != goroutines*each {
		t.Errorf("%d rows, %d timers fired", found, fired)
	}
}
