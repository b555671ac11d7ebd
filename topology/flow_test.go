package topology_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

type textEntry = topologytest.Entry[string, string]

func TestOperators(t *testing.T) {
	t.Parallel()
	in, other := topology.NewStream("in", text, text), topology.NewStream("other", text, text)
	out := topology.NewStream("out", text, text)
	names := topology.NewTable("names", text, text)
	type flow = topology.Flow[string, string]
	for _, test := range []struct {
		name    string
		declare func(p *topology.Processor[string], f flow)
		want    []textEntry
	}{
		{
			"To", func(_ *topology.Processor[string], f flow) { f.To(out) },
			[]textEntry{{Key: "a", Value: "x y"}, {Key: "b", Value: "z"}, {Key: "a", Value: ""}},
		},
		{"Filter", func(_ *topology.Processor[string], f flow) {
			f.Filter(func(k, v string) bool { return k == "a" && v != "" }).To(out)
		}, []textEntry{{Key: "a", Value: "x y"}}},
		{"Map", func(_ *topology.Processor[string], f flow) {
			topology.Map(f, func(k, v string) string { return k + "=" + v }).To(out)
		}, []textEntry{{Key: "a", Value: "a=x y"}, {Key: "b", Value: "b=z"}, {Key: "a", Value: "a="}}},
		{"FlatMap", func(_ *topology.Processor[string], f flow) {
			topology.FlatMap(f, func(_, v string) []string { return strings.Fields(v) }).To(out)
		}, []textEntry{{Key: "a", Value: "x"}, {Key: "a", Value: "y"}, {Key: "b", Value: "z"}}},
		{"Merge of branches", func(_ *topology.Processor[string], f flow) {
			topology.Merge(f.Filter(func(k, _ string) bool { return k == "b" }), topology.Map(f, func(_, v string) string { return "+" + v })).To(out)
		}, []textEntry{{Key: "a", Value: "+x y"}, {Key: "b", Value: "z"}, {Key: "b", Value: "+z"}, {Key: "a", Value: "+"}}},
		{"Merge of inputs", func(p *topology.Processor[string], f flow) {
			topology.Merge(f, topology.From(p, other)).To(out)
		}, []textEntry{{Key: "a", Value: "x y"}, {Key: "b", Value: "z"}, {Key: "a", Value: ""}, {Key: "c", Value: "o"}}},
		{"JoinTable", func(_ *topology.Processor[string], f flow) {
			topology.JoinTable(f, names, func(v, name string) string { return name + ":" + v }).To(out)
		}, []textEntry{{Key: "a", Value: "Ada:x y"}, {Key: "a", Value: "Ada:"}}},
		{"LeftJoinTable", func(_ *topology.Processor[string], f flow) {
			topology.LeftJoinTable(f, names, func(v, name string, ok bool) string {
				if !ok {
					name = "?"
				}
				return name + ":" + v
			}).To(out)
		}, []textEntry{{Key: "a", Value: "Ada:x y"}, {Key: "b", Value: "?:z"}, {Key: "a", Value: "Ada:"}}},
		{"Rekey", func(_ *topology.Processor[string], f flow) {
			topology.Rekey(f, out, func(k, v string) string { return v + k })
		}, []textEntry{{Key: "x ya", Value: "x y"}, {Key: "zb", Value: "z"}, {Key: "a", Value: ""}}},
		{"Each", func(p *topology.Processor[string], f flow) {
			sink := topology.Output(p, out)
			f.Each(func(_ context.Context, r *topology.Record[string, string]) error {
				return sink.Emit(r, r.Key, r.Topic()+"/"+r.Value)
			}).Filter(func(_, v string) bool { return v == "z" }).To(out)
		}, []textEntry{{Key: "a", Value: "in/x y"}, {Key: "b", Value: "in/z"}, {Key: "b", Value: "z"}, {Key: "a", Value: "in/"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := topology.NewBuilder("t")
			p := topology.AddProcessor(b, "p", text)
			topology.Join(p, names)
			topology.Output(p, out)
			topology.Input(topology.AddProcessor(b, "sink", text), other).Handle(nothing)
			test.declare(p, topology.From(p, in))
			d := topologytest.New(t, mustBuild(t, b))
			topologytest.Seed(d, names).Send("a", "Ada")
			feed := topologytest.Input(d, in)
			feed.Send("a", "x y")
			feed.SendDelete("a") // enters no flow
			feed.Send("b", "z")
			feed.Send("a", "")
			topologytest.Input(d, other).Send("c", "o")
			if diff := cmp.Diff(test.want, topologytest.Output(d, out).All()); diff != "" {
				t.Errorf("out (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAggregate(t *testing.T) {
	t.Parallel()
	in := stream("in")
	b := topology.NewBuilder("t")
	sums := topology.Aggregate(topology.From(topology.AddProcessor(b, "p", text), in), codecs.JSON[[]int64](),
		func(all []int64, n int64) []int64 { return append(all, n) })
	topo := mustBuild(t, b)
	for name, opts := range map[string][]topologytest.DriverOption{
		"plain": nil, "batches": {topologytest.Batch(3)}, "fresh": {topologytest.Fresh(), topologytest.Batch(2)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := topologytest.New(t, topo, opts...)
			feed := topologytest.Input(d, in)
			for i := range int64(5) {
				feed.Queue("a", i)
			}
			feed.Queue("b", 9)
			d.Settle()
			want := []topologytest.Entry[string, []int64]{{Key: "a", Value: []int64{0, 1, 2, 3, 4}}, {Key: "b", Value: []int64{9}}}
			if diff := cmp.Diff(want, topologytest.Rows(d, sums.Table())); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheZeroFlowPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if p, ok := recover().(string); !ok || !strings.Contains(p, "zero Flow") {
			t.Errorf("panic = %v", p)
		}
	}()
	topology.Flow[string, string]{}.Filter(func(string, string) bool { return true })
}

// An error ends the record's way: what comes later in the flow, or on another branch, does not see it.
func TestFlowsStopAtAnError(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	in, out := topology.NewStream("in", text, text), topology.NewStream("out", text, text)
	b := topology.NewBuilder("t")
	f := topology.From(topology.AddProcessor(b, "p", text), in)
	var seen []string
	words := topology.FlatMap(f, func(_, v string) []string { return strings.Fields(v) })
	topology.Merge(words, words.Filter(func(string, string) bool { return false })).Each(
		func(_ context.Context, r *topology.Record[string, string]) error {
			seen = append(seen, r.Value)
			if r.Value == "bad" {
				return boom
			}
			return nil
		}).To(out)
	f.Each(func(_ context.Context, r *topology.Record[string, string]) error {
		seen = append(seen, "branch")
		return nil
	})
	d := topologytest.New(t, mustBuild(t, b))
	err := topologytest.Input(d, in).SendErr("k", "good bad unseen")
	if !errors.Is(err, boom) {
		t.Errorf("Send = %v", err)
	}
	if diff := cmp.Diff([]string{"good", "bad"}, seen); diff != "" {
		t.Errorf("seen (-want +got):\n%s", diff)
	}
	if got := topologytest.Output(d, out).All(); len(got) != 0 {
		t.Errorf("a failed record emitted %v", got)
	}
}
