package topology_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
)

// golden compares text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), -update writes it:\n%s", path, diff)
	}
}

// everyRole is a topology with an edge of each role.
func everyRole(t *testing.T) *topology.Topology {
	b := topology.NewBuilder("visits")
	visits := topology.NewStream("visits", towns, codecs.JSON[string](), topology.Retention(time.Hour)).Packed()
	p := topology.AddProcessor(b, "visitor", users)
	topology.Persist(p, count)
	seen := topology.AddStore(p, "seen", codecs.PairOf(users, text), count)
	topology.AddTimers(p, "away", users, topology.StreamTime).Handle(func(context.Context, *topology.Timer[userID]) error { return nil })
	topology.Every(p, time.Minute, func(context.Context, *topology.Punctuation) error { return nil })
	topology.Join(p, topology.NewTable("profiles", users, text))
	topology.Lookup(p, topology.NewTable("cities", towns, text))
	topology.Output(p, visits, topology.Last())
	topology.Output(p, topology.NewStream("audit", users, text, topology.Retention(-1)))
	topology.Loop(p, text).Handle(func(context.Context, *topology.Record[userID, string]) error { return nil })
	topology.Input(p, topology.NewStream("clicks", users, text)).Handle(nothing)
	q := topology.AddProcessor(b, "city-counter", towns)
	topology.Lookup(q, seen.Table())
	topology.Aggregate(topology.From(q, visits), count, func(n int64, _ string) int64 { return n + 1 })
	return mustBuild(t, b)
}

func TestDescriptions(t *testing.T) {
	t.Parallel()
	topo := everyRole(t)
	data, err := topo.JSON()
	if err != nil || !json.Valid(data) {
		t.Fatalf("JSON: %v, %s", err, data)
	}
	golden(t, "visits.txt", topo.String())
	golden(t, "visits.mmd", topo.Mermaid())
	golden(t, "visits.dot", topo.DOT())
	golden(t, "visits.json", string(data))
	if again := everyRole(t); again.String()+again.Mermaid()+again.DOT() != topo.String()+topo.Mermaid()+topo.DOT() {
		t.Error("descriptions differ between two builds of one topology")
	}
	if diff := cmp.Diff([]string{"visitor", "city-counter"}, topo.Processors()); diff != "" || topo.Name() != "visits" {
		t.Errorf("topology %q has %v", topo.Name(), topo.Processors())
	}
}
