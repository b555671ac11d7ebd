package topologytest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

var (
	text  = codecs.String[string]()
	count = codecs.Int64()
	in    = topology.NewStream("in", text, count)
	out   = topology.NewStream("out", text, count)
)

type (
	entry  = topologytest.Entry[string, int64]
	record = topology.Record[string, int64]
)

func build(t testing.TB, declare func(b *topology.Builder)) *topology.Topology {
	t.Helper()
	b := topology.NewBuilder("t")
	declare(b)
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return topo
}

func expect[K, V any](t *testing.T, what string, want, got []topologytest.Entry[K, V]) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// countdown sends a number down to zero through its loop, keeping the sum of what it saw.
func countdown(t testing.TB) (*topology.Topology, topology.State[string, int64]) {
	var sum topology.State[string, int64]
	return build(t, func(b *topology.Builder) {
		p := topology.AddProcessor(b, "p", text)
		sum = topology.Persist(p, count)
		loop, sink := topology.Loop(p, count), topology.Output(p, out)
		step := func(_ context.Context, r *record) error {
			n, _, err := sum.Get(r)
			if err != nil {
				return err
			}
			if err := errors.Join(sum.Set(r, n+r.Value), sink.Emit(r, r.Key, r.Value)); err != nil || r.Value == 0 {
				return err
			}
			return loop.Send(r, r.Key, r.Value-1)
		}
		loop.Handle(step)
		topology.Input(p, in).Handle(step)
	}), sum
}

func TestLoopsRunToRest(t *testing.T) {
	t.Parallel()
	topo, sum := countdown(t)
	d := topologytest.New(t, topo)
	topologytest.Input(d, in).Send("a", 3)
	expect(t, "out", []entry{{Key: "a", Value: 3}, {Key: "a", Value: 2}, {Key: "a", Value: 1}, {Key: "a", Value: 0}}, topologytest.Output(d, out).All())
	expect(t, "table", []entry{{Key: "a", Value: 6}}, topologytest.Rows(d, sum.Table()))
}

func TestEndlessLoopsEnd(t *testing.T) {
	t.Parallel()
	topo, _ := countdown(t)
	d := topologytest.New(t, topo, topologytest.MaxBatches(100))
	err := topologytest.Input(d, in).SendErr("a", -1)
	if err == nil || !strings.Contains(err.Error(), `not at rest after 100 batches: processor "p"`) {
		t.Errorf("Send = %v", err)
	}
}

// Without options the oldest record goes first, whatever its topic.
func TestOrderAcrossTopics(t *testing.T) {
	t.Parallel()
	var seen []string
	second := topology.NewStream("second", text, count)
	topo := build(t, func(b *topology.Builder) {
		for _, name := range []string{"p", "q"} {
			p := topology.AddProcessor(b, name, text)
			note := func(_ context.Context, r *record) error {
				seen = append(seen, fmt.Sprint(name, r.Topic(), r.Value))
				return nil
			}
			topology.Input(p, in).Handle(note)
			topology.Input(p, second).Handle(note)
		}
	})
	d := topologytest.New(t, topo)
	topologytest.Input(d, second).Queue("a", 1)
	topologytest.Input(d, in).Queue("a", 2)
	topologytest.Input(d, second).Queue("a", 3)
	d.Settle()
	want := []string{"psecond1", "qsecond1", "pin2", "qin2", "psecond3", "qsecond3"}
	if !slices.Equal(seen, want) {
		t.Errorf("order %v, want %v", seen, want)
	}
}

// A batch's records of a Last output come after those of its others.
func TestLastOutputs(t *testing.T) {
	t.Parallel()
	var seen []string
	done := topology.NewStream("done", text, count)
	topo := build(t, func(b *topology.Builder) {
		p := topology.AddProcessor(b, "p", text)
		last, sink := topology.Output(p, done, topology.Last()), topology.Output(p, out)
		topology.Input(p, in).Handle(func(_ context.Context, r *record) error {
			return errors.Join(last.Emit(r, r.Key, r.Value), sink.Emit(r, r.Key, r.Value))
		})
		q := topology.AddProcessor(b, "q", text)
		for _, s := range []topology.Stream[string, int64]{out, done} {
			topology.Input(q, s).Handle(func(_ context.Context, r *record) error {
				seen = append(seen, fmt.Sprint(r.Topic(), r.Value))
				return nil
			})
		}
	})
	d := topologytest.New(t, topo, topologytest.Batch(2))
	feed := topologytest.Input(d, in)
	feed.Queue("a", 1)
	feed.Queue("a", 2)
	d.Settle()
	if want := []string{"out1", "out2", "done1", "done2"}; !slices.Equal(seen, want) {
		t.Errorf("order %v, want %v", seen, want)
	}
}

// Joins and lookups see the tables of other processors and of nobody, and deletes of their rows.
func TestTablesOfOthers(t *testing.T) {
	t.Parallel()
	prices := topology.NewTable("prices", text, count)
	put := topology.NewStream("put", text, count)
	topo := build(t, func(b *topology.Builder) {
		owner := topology.AddProcessor(b, "owner", text)
		state := topology.Persist(owner, count)
		topology.Input(owner, put).Handle(func(_ context.Context, r *record) error {
			if r.Deleted {
				return state.Delete(r)
			}
			return state.Set(r, r.Value)
		})
		p := topology.AddProcessor(b, "p", text)
		joined, looked, sink := topology.Join(p, state.Table()), topology.Lookup(p, prices), topology.Output(p, out)
		topology.Input(p, in).Handle(func(_ context.Context, r *record) error {
			a, _, err := joined.Get(r)
			if err != nil {
				return err
			}
			c, _, err := looked.Get(r, "elsewhere")
			if err != nil {
				return err
			}
			return sink.Emit(r, r.Key, a+c)
		})
	})
	d := topologytest.New(t, topo)
	feed, puts, seed, tap := topologytest.Input(d, in), topologytest.Input(d, put), topologytest.Seed(d, prices), topologytest.Output(d, out)
	var got []int64
	ask := func() {
		feed.Send("k", 0)
		_, v, ok := tap.Next()
		if !ok {
			t.Fatal("no answer")
		}
		got = append(got, v)
	}
	ask()
	puts.Send("k", 1)
	ask()
	seed.Send("elsewhere", 10)
	ask()
	puts.Send("k", 2)
	ask()
	puts.SendDelete("k")
	ask()
	seed.SendDelete("elsewhere")
	ask()
	if want := []int64{0, 1, 11, 12, 10, 0}; !slices.Equal(got, want) {
		t.Errorf("saw %v, want %v", got, want)
	}
	if _, ok := topologytest.Value(d, prices, "elsewhere"); ok {
		t.Error("a deleted row is still there")
	}
}

// A row changed in place and not set: kept by the cache, lost when fresh.
func TestFreshForgetsWhatWasNotSet(t *testing.T) {
	t.Parallel()
	type box struct{ N int }
	var state topology.State[string, *box]
	topo := build(t, func(b *topology.Builder) {
		p := topology.AddProcessor(b, "p", text)
		state = topology.Persist(p, codecs.JSON[*box]())
		topology.Input(p, in).Handle(func(_ context.Context, r *record) error {
			row, ok, err := state.Get(r)
			if err != nil {
				return err
			}
			if !ok {
				return state.Set(r, &box{})
			}
			row.N++ // the mistake
			if r.Value == 9 {
				return state.Set(r, row)
			}
			return nil
		})
	})
	for _, test := range []struct {
		name string
		opts []topologytest.DriverOption
		want int
	}{
		{"cached", nil, 3},
		{"fresh", []topologytest.DriverOption{topologytest.Fresh()}, 1},
		{"fresh in one batch", []topologytest.DriverOption{topologytest.Fresh(), topologytest.Batch(9)}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := topologytest.New(t, topo, test.opts...)
			feed := topologytest.Input(d, in)
			for _, v := range []int64{1, 1, 1, 9} {
				feed.Queue("a", v)
			}
			d.Settle()
			if row, _ := topologytest.Value(d, state.Table(), "a"); row == nil || row.N != test.want {
				t.Errorf("row = %+v, want %d", row, test.want)
			}
		})
	}
}

// With crashes records are processed again: nothing is lost. At least once outputs repeat, and so do changes of state that are in the changelog
// when the offsets are not committed; exactly once neither does.
func TestCrashesLoseNothing(t *testing.T) {
	t.Parallel()
	sumOf := func(t *testing.T, delivery topology.Delivery, seed uint64) (int64, int) {
		t.Helper()
		var sum topology.State[string, int64]
		topo := build(t, func(b *topology.Builder) {
			p := topology.AddProcessor(b, "p", text)
			f := topology.From(p, in)
			f.To(out)
			sum = topology.Aggregate(f, count, func(n, v int64) int64 { return n + v })
		})
		d := topologytest.New(t, topo, topologytest.Interleave(seed), topologytest.Batch(3), topologytest.Crashes(0.4), topologytest.Delivery(delivery))
		feed := topologytest.Input(d, in)
		for i := range int64(10) {
			feed.Queue("a", i)
		}
		d.Settle()
		seen := map[int64]bool{}
		all := topologytest.Output(d, out).All()
		for _, e := range all {
			seen[e.Value] = true
		}
		if len(seen) != 10 {
			t.Errorf("seed %d: %d of 10 outputs", seed, len(seen))
		}
		n, _ := topologytest.Value(d, sum.Table(), "a")
		return n, len(all)
	}
	for _, delivery := range []topology.Delivery{topology.AtLeastOnce, topology.ExactlyOnce} {
		t.Run(delivery.String(), func(t *testing.T) {
			t.Parallel()
			repeats, recounts := 0, 0
			for seed := range uint64(20) {
				sum, sent := sumOf(t, delivery, seed)
				if sum < 45 {
					t.Errorf("seed %d: sum %d, want 45", seed, sum)
				}
				repeats += sent - 10
				recounts += int(sum) - 45
				if again, n := sumOf(t, delivery, seed); again != sum || n != sent {
					t.Errorf("seed %d does not repeat itself", seed)
				}
			}
			if once := delivery == topology.ExactlyOnce; once != (repeats == 0) || once != (recounts == 0) {
				t.Errorf("%d outputs were repeated, and sums are %d too large", repeats, recounts)
			}
		})
	}
}

// Interleaved, a join may lag behind its table, and different seeds give different orders.
func TestInterleaveVaries(t *testing.T) {
	t.Parallel()
	topo := build(t, func(b *topology.Builder) {
		p := topology.AddProcessor(b, "p", text)
		state, sink := topology.Persist(p, count), topology.Output(p, out)
		topology.Input(p, in).Handle(func(_ context.Context, r *record) error {
			return errors.Join(state.Set(r, r.Value), sink.Emit(r, r.Key, r.Value))
		})
		q := topology.AddProcessor(b, "q", text)
		row, lags := topology.Join(q, state.Table()), topology.Output(q, topology.NewStream("lags", text, count))
		topology.Input(q, out).Handle(func(_ context.Context, r *record) error {
			v, _, err := row.Get(r)
			if err != nil {
				return err
			}
			return lags.Emit(r, r.Key, r.Value-v)
		})
	})
	behind, ahead := 0, 0
	for seed := range uint64(20) {
		d := topologytest.New(t, topo, topologytest.Interleave(seed))
		feed := topologytest.Input(d, in)
		for i := range int64(5) {
			feed.Queue("a", i+1)
		}
		d.Settle()
		all := topologytest.Output(d, topology.NewStream("lags", text, count)).All()
		if len(all) != 5 {
			t.Fatalf("seed %d: %d records", seed, len(all))
		}
		for _, e := range all {
			if e.Value > 0 {
				behind++
			} else if e.Value < 0 {
				ahead++
			}
		}
	}
	if behind == 0 || ahead == 0 {
		t.Errorf("the join was %d times behind and %d times ahead of the stream", behind, ahead)
	}
}

func TestSeedAndRestart(t *testing.T) {
	t.Parallel()
	topo, sum := countdown(t)
	d := topologytest.New(t, topo)
	feed, seed := topologytest.Input(d, in), topologytest.Seed(d, sum.Table())
	seed.Send("a", 100)
	feed.Send("a", 1)
	d.Restart()
	feed.Send("a", 2)
	seed.SendDelete("b")
	expect(t, "table", []entry{{Key: "a", Value: 104}}, topologytest.Rows(d, sum.Table()))
	seed.Send("a", 5)
	feed.Send("a", 0)
	if n, _ := topologytest.Value(d, sum.Table(), "a"); n != 5 {
		t.Errorf("a = %d after it was seeded again, want 5", n)
	}
}

// The clock is the driver's: what is sent after it was advanced is later by that.
func TestAdvance(t *testing.T) {
	t.Parallel()
	topo, _ := countdown(t)
	d := topologytest.New(t, topo)
	feed, tap := topologytest.Input(d, in), topologytest.Output(d, out)
	feed.Queue("a", 0)
	d.Advance(time.Hour)
	if len(tap.All()) != 1 {
		t.Error("Advance does not run to rest")
	}
	feed.Send("a", 0)
	want := time.Date(2000, 1, 1, 1, 0, 1, 0, time.UTC)
	if s, ok := tap.NextSent(); !ok || !s.Timestamp.Equal(want) {
		t.Errorf("timestamp %v, want %v", s.Timestamp, want)
	}
}

func TestTimestamps(t *testing.T) {
	t.Parallel()
	topo, _ := countdown(t)
	d := topologytest.New(t, topo)
	feed, tap := topologytest.Input(d, in), topologytest.Output(d, out)
	feed.Send("a", 0)
	feed.Send("a", 0, topology.At(time.Unix(5, 999999)))
	feed.Send("a", 0)
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, want := range []time.Time{start, time.Unix(5, 0), start.Add(2 * time.Second)} {
		if s, ok := tap.NextSent(); !ok || !s.Timestamp.Equal(want) {
			t.Errorf("timestamp %v, want %v", s.Timestamp, want)
		}
	}
}
