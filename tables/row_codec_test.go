package tables

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func drawEdges(t *rapid.T) (e Edges) {
	for range rapid.IntRange(0, 40).Draw(t, "links") {
		u := ChunkEdge{
			Page: rapid.Int64Range(1, 1<<32-1).Draw(t, "page"), Type: LinkType(rapid.IntRange(0, NumLinkTypes-1).Draw(t, "type")), Present: true,
		}
		if rapid.IntRange(0, 4).Draw(t, "hub") == 0 {
			u.Hub = &Name{Namespace: 10, DBKey: rapid.StringMatching(`[A-Z][a-z]{0,8}`).Draw(t, "name")}
		}
		e.Apply(u)
	}
	return e
}

func TestDependentsRowsRoundTrip(t *testing.T) {
	t.Parallel()
	codec := DependentsRows()
	rapid.Check(t, func(t *rapid.T) {
		row := &DependentsRow{}
		if rapid.Bool().Draw(t, "chunk") {
			row.Chunk = &ChunkRow{Edges: drawEdges(t)}
		} else {
			row.Target = &TargetRow{
				Holder: rapid.Int64().Draw(t, "holder"), HolderDT: 5, Left: Leaver{Page: 1, DT: 2}, Own: []OwnLink{{Page: 3, Start: 4}},
				Met: Met{State: MetOne, Page: 7}, UsedSince: 9, Direct: true, Told: Told{Page: 7, Start: 9},
			}
			row.Target.AddWave(Target{}, Wave{Hop: CascadeHop{Cascade: Cascade{ID: "0123456789abcdef", DT: 3}, Depth: 2}, Types: 3})
			for _, wiki := range []string{"dewiki", "enwiki"}[:rapid.IntRange(0, 2).Draw(t, "sources")] {
				s := row.Target.Source(wiki)
				if s.Edges = drawEdges(t); rapid.Bool().Draw(t, "chunked") {
					s.Width, s.Chunks, s.Pending = 14, IDSet{1, 5}, []ChunkEdge{{Page: 8, Type: LinkPage, Present: true}}
				}
			}
		}
		data, err := codec.Encode(row)
		if err != nil {
			t.Fatal(err)
		}
		got, err := codec.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(row, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzDependentsRows(f *testing.F) {
	codec := DependentsRows()
	for _, row := range []*DependentsRow{
		{},
		{Chunk: &ChunkRow{Edges: Edges{Sets: [NumLinkTypes]IDSet{LinkPage: {1, 2, 3}}}}},
		{Target: &TargetRow{Holder: 1, Sources: []SourceEdges{{Wiki: "enwiki", Width: 14, Chunks: IDSet{0, 2}}}}},
	} {
		data, err := codec.Encode(row)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		row, err := codec.Decode(data)
		if err != nil {
			return
		}
		again, err := codec.Encode(row)
		if err != nil {
			t.Fatal(err)
		}
		got, err := codec.Decode(again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(row, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Edges against a map.
func TestEdgesModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type link struct {
			page int64
			typ  LinkType
		}
		var e Edges
		model := map[link]*Name{}
		for range rapid.IntRange(0, 100).Draw(t, "steps") {
			l := link{rapid.Int64Range(1, 20).Draw(t, "page"), LinkType(rapid.IntRange(0, 3).Draw(t, "type"))}
			u := ChunkEdge{Page: l.page, Type: l.typ, Present: rapid.Bool().Draw(t, "present")}
			if rapid.Bool().Draw(t, "hub") {
				u.Hub = &Name{DBKey: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "name")}
			}
			e.Apply(u)
			if delete(model, l); u.Present {
				model[l] = u.Hub
			}
		}
		hubs := 0
		for l, hub := range model {
			if !e.Sets[l.typ].Has(uint32(l.page)) {
				t.Fatalf("%+v is missing", l)
			}
			if hub != nil {
				hubs++
			}
		}
		if e.Len() != len(model) || len(e.Hubs) != hubs {
			t.Fatalf("%d links and %d hubs, want %d and %d", e.Len(), len(e.Hubs), len(model), hubs)
		}
		for _, h := range e.Hubs {
			if want := model[link{h.Page, h.Type}]; want == nil || *want != h.Name {
				t.Fatalf("hub %+v, want %v", h, want)
			}
		}
	})
}
