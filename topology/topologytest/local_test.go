package topologytest_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// What an app kept on disk can be read when it has ended: every row, and how far each partition's changelog is applied.
func TestLocalTables(t *testing.T) {
	t.Parallel()
	words := topology.NewStream("words", codecs.String[string](), codecs.String[string]())
	b := topology.NewBuilder("kept")
	p := topology.AddProcessor(b, "last", codecs.String[string]())
	state := topology.Persist(p, codecs.String[string]())
	topology.Input(p, words).Handle(func(_ context.Context, r *topology.Record[string, string]) error { return state.Set(r, r.Value) })
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	want := map[string]string{"a": "1", "b": "2", "c": "3", "d": "4"}
	t.Run("run", func(t *testing.T) {
		app := topologytest.RunApp(t, topo, topology.Config{DataDir: dir, Partitions: 2})
		for k, v := range want {
			if err := topology.Produce(t.Context(), app.Producer(), words, k, v); err != nil {
				t.Fatal(err)
			}
		}
		if err := app.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	local, err := topologytest.LocalTables(dir, "kept")
	if err != nil {
		t.Fatal(err)
	}
	got, offsets := map[string]string{}, int64(0)
	for _, table := range local {
		if table.Group != "kept-last" || table.Role != "own" || table.Topic != "kept-last-table" {
			t.Errorf("table of group %q, role %q, topic %q", table.Group, table.Role, table.Topic)
		}
		offsets += table.Next
		for k, v := range table.Rows {
			got[k] = string(v)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(local) != 2 || offsets != int64(len(want)) {
		t.Errorf("%d tables at offsets %d in all, rows (-want):\n%s", len(local), offsets, diff)
	}
	if _, err := topologytest.LocalTables(dir, "other"); err == nil {
		t.Error("a folder that is not there is no error")
	}
}
