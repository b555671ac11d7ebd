package gokagroup

import (
	"slices"
	"strings"
	"testing"

	"github.com/lovoo/goka"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

func named(name string) kernel.Topic { return kernel.Topic{Name: name} }

// all is a processor with an edge of each kind.
func all() *kernel.Processor {
	return &kernel.Processor{
		Name: "p", Group: "test-p",
		Inputs:  []*kernel.Input{{Topic: named("in")}, {Topic: named("more")}},
		Loop:    &kernel.Loop{Topic: named("test-p-loop")},
		Own:     &kernel.Table{Topic: named("test-p-table")},
		Joins:   []*kernel.Table{{Topic: named("joined")}},
		Lookups: []*kernel.Table{{Topic: named("looked up")}},
		Outputs: []*kernel.Output{{Topic: named("out")}},
	}
}

// Goka knows each edge of a processor but its lookups, which are not its to open.
func TestGraph(t *testing.T) {
	t.Parallel()
	g, err := graph(all())
	if err != nil {
		t.Fatal(err)
	}
	topics := func(edges goka.Edges) []string {
		var names []string
		for _, e := range edges {
			names = append(names, e.Topic())
		}
		return names
	}
	for _, c := range []struct {
		what string
		got  []string
		want []string
	}{
		{"inputs", topics(g.InputStreams()), []string{"in", "more"}},
		{"loop", []string{g.LoopStream().Topic()}, []string{string(goka.Stream("test-p-loop"))}},
		{"table", []string{g.GroupTable().Topic()}, []string{string(goka.GroupTable("test-p"))}},
		{"joins", topics(g.JointTables()), []string{"joined"}},
		{"lookups", topics(g.LookupTables()), nil},
		{"outputs", topics(g.OutputStreams()), []string{"out"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %q, want %q", c.what, c.got, c.want)
		}
	}
	if g.Group() != "test-p" {
		t.Errorf("group %q", g.Group())
	}
}

// Where Goka would name a topic otherwise it would read another one than Eddy made.
func TestGraphOfOtherNames(t *testing.T) {
	t.Parallel()
	loop, table := all(), all()
	loop.Loop.Topic.Name = "test-p-circle"
	table.Own.Topic.Name = "test-p-rows"
	for want, p := range map[string]*kernel.Processor{`"test-p-circle"`: loop, `"test-p-rows"`: table} {
		if _, err := graph(p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
