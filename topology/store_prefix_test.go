package topology_test

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// All pairs with one first part are found by it alone, whatever is encoded for a second part of zero.
func TestPrefixOfPairs(t *testing.T) {
	t.Parallel()
	events := topology.NewStream("events", text, count)
	b := topology.NewBuilder("t")
	p := topology.AddProcessor(b, "p", text)
	windows := topology.AddStore(p, "windows", codecs.PairOf(text, codecs.Int64()), count)
	var got string
	topology.Input(p, events).Handle(func(_ context.Context, r *topology.Record[string, int64]) error {
		if r.Value == 0 {
			got = listed(windows.Prefix(r, codecs.Pair[string, int64]{First: r.Key}))
			return nil
		}
		return windows.Set(r, codecs.Pair[string, int64]{First: r.Key, Second: r.Value}, r.Value)
	})
	d := topologytest.New(t, mustBuild(t, b), topologytest.Partitions(1))
	in := topologytest.Input(d, events)
	for _, user := range []string{"a", "a\x00", "ab", ""} {
		for _, at := range []int64{3, 1 << 40, -5} {
			in.Send(user, at)
		}
	}
	for user, want := range map[string]string{
		"a":  "{a 3} 3, {a 1099511627776} 1099511627776, {a -5} -5",
		"":   "{ 3} 3, { 1099511627776} 1099511627776, { -5} -5",
		"no": "",
	} {
		if in.Send(user, 0); got != want {
			t.Errorf("of %q: %s, want %s", user, got, want)
		}
	}
}

// An iteration that somebody keeps and goes on with when the handler has returned is an error, and shows nothing.
func TestKeptIterations(t *testing.T) {
	t.Parallel()
	events := topology.NewStream("events", text, count)
	b := topology.NewBuilder("t")
	p := topology.AddProcessor(b, "p", text)
	rows := topology.AddStore(p, "rows", codecs.PairOf(text, text), count)
	var next func() (topology.Entry[pair, int64], error, bool)
	stop := func() {}
	topology.Input(p, events).Handle(func(_ context.Context, r *topology.Record[string, int64]) error {
		if next == nil {
			for _, key := range []string{"a", "b", "c"} {
				if err := rows.Set(r, word(r.Key, key), 1); err != nil {
					return err
				}
			}
			next, stop = iter.Pull2(rows.All(r))
			if e, err, ok := next(); err != nil || !ok || e.Key.Second != "a" {
				t.Errorf("first %v, %v, %t", e, err, ok)
			}
			return nil
		}
		if e, err, ok := next(); !errors.Is(err, topology.ErrWrongProcessor) || !ok || e.Key != (pair{}) {
			t.Errorf("kept: %v, %v, %t", e, err, ok)
		}
		if _, _, ok := next(); ok {
			t.Error("a kept iteration goes on")
		}
		return nil
	})
	d := topologytest.New(t, mustBuild(t, b), topologytest.Partitions(1))
	topologytest.Input(d, events).Send("a", 1)
	topologytest.Input(d, events).Send("a", 2)
	stop()
}
