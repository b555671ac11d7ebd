package dependents

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/eddystream/eddy/tables"
)

// index is a dependents table in memory.
type index map[tables.Target]*tables.DependentsRow

func (ix index) Get(key tables.Target) (*tables.DependentsRow, bool, error) {
	row, ok := ix[key]
	return row, ok, nil
}

func title(namespace int32, key string) tables.Title {
	return tables.Title{Wiki: "w", Namespace: namespace, DBKey: key}
}

// link adds a link of a page to a title; through is the page's own title where changes go on.
func (ix index) link(to tables.Title, page int64, t tables.LinkType, through *tables.Name) {
	key := tables.TitleTarget(to)
	if ix[key] == nil {
		ix[key] = &tables.DependentsRow{Target: &tables.TargetRow{Direct: true}}
	}
	ix[key].Target.Source("w").Edges.Apply(tables.ChunkEdge{Page: page, Type: t, Present: true, Hub: through, Direct: true})
}

// The same links give the same answer, in the row, in chunks, or on their way to them.
func TestLoadWhateverTheLayout(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		target := tables.TitleTarget(title(10, "T"))
		width := uint8(rapid.IntRange(1, 6).Draw(t, "width"))
		want := tables.Edges{}
		row := &tables.TargetRow{Holder: 7, Direct: true}
		source := row.Source("w")
		source.Width = width
		ix := index{target: {Target: row}}
		updates := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) tables.ChunkEdge {
			u := tables.ChunkEdge{
				Page:    rapid.Int64Range(1, 200).Draw(t, "page"),
				Type:    rapid.SampledFrom([]tables.LinkType{tables.LinkTemplate, tables.LinkPage}).Draw(t, "type"),
				Present: rapid.IntRange(0, 3).Draw(t, "present") > 0, Direct: rapid.Bool().Draw(t, "direct"),
			}
			if u.Present && rapid.Bool().Draw(t, "hub") {
				u.Hub = &tables.Name{Namespace: 10, DBKey: "Hub"}
			}
			return u
		}), 1, 100).Draw(t, "updates")
		pending := rapid.IntRange(0, len(updates)).Draw(t, "pending")
		for i, u := range updates {
			want.Apply(u)
			if i >= len(updates)-pending {
				source.Pending = append(source.Pending, u)
				continue
			}
			number := u.Page >> width
			key := target.ChunkOf("w", width, number)
			if ix[key] == nil {
				ix[key] = &tables.DependentsRow{Chunk: &tables.ChunkRow{}}
				source.Chunks, _ = source.Chunks.With(number)
			}
			ix[key].Chunk.Edges.Apply(u)
		}
		uses, ok, err := Load(ix, target)
		if err != nil || !ok {
			t.Fatalf("load: %t, %v", ok, err)
		}
		var got tables.Edges
		if len(uses.Sources) > 0 {
			got = uses.Sources[0].Edges
		}
		same := cmp.Comparer(slices.Equal[tables.IDSet])
		for typ := range tables.LinkType(tables.NumLinkTypes) {
			if diff := cmp.Diff(want.Users(typ), got.Users(typ), same); diff != "" {
				t.Fatalf("%s: %s", typ, diff)
			}
		}
		if diff := cmp.Diff(want.DirectUsers(tables.LinkTemplate), got.DirectUsers(tables.LinkTemplate), same); diff != "" {
			t.Fatalf("direct users: %s", diff)
		}
		if !slices.Equal(want.Hubs, got.Hubs) {
			t.Fatalf("hubs %v, want %v", got.Hubs, want.Hubs)
		}
		if uses.Len() != want.Len() || uses.Holder != 7 {
			t.Fatalf("%d links, holder %d", uses.Len(), uses.Holder)
		}
	})
}

// Loading changes nothing of the rows, which are others' too.
func TestLoadLeavesRows(t *testing.T) {
	t.Parallel()
	ix := index{}
	ix.link(title(10, "T"), 3, tables.LinkTemplate, nil)
	source := ix[tables.TitleTarget(title(10, "T"))].Target.Source("w")
	source.Pending = []tables.ChunkEdge{{Page: 1, Type: tables.LinkTemplate, Present: true}}
	for range 2 {
		uses, _, err := Load(ix, tables.TitleTarget(title(10, "T")))
		if err != nil || uses.Len() != 2 {
			t.Fatalf("%d links, %v", uses.Len(), err)
		}
	}
	if got := source.Edges.Len(); got != 1 {
		t.Errorf("the row has %d links", got)
	}
}

func TestPlanEdit(t *testing.T) {
	t.Parallel()
	template := func(key string) *tables.Name { return &tables.Name{Namespace: 10, DBKey: key} }
	ix := index{}
	// Pages 11 and 12 use A, which is page 1 and uses B; B is page 2 and uses A: a cycle. C redirects to B.
	ix.link(title(10, "A"), 11, tables.LinkTemplate, nil)
	ix.link(title(10, "A"), 12, tables.LinkTemplate, nil)
	ix.link(title(10, "A"), 2, tables.LinkTemplate, template("B"))
	ix.link(title(10, "B"), 1, tables.LinkTemplate, template("A"))
	ix.link(title(10, "B"), 3, tables.LinkRedirect, template("C"))
	ix.link(title(10, "C"), 13, tables.LinkTemplate, nil)
	ix.link(title(10, "C"), 14, tables.LinkPage, nil)
	ix.link(title(6, "F.jpg"), 15, tables.LinkImage, nil)
	ix.link(title(6, "F.jpg"), 16, tables.LinkPage, nil)
	for _, test := range []struct {
		root   tables.Title
		depths []int
		pages  map[int64]int // depth by page
	}{
		{title(10, "B"), []int{2, 3}, map[int64]int{1: 1, 13: 1, 2: 2, 11: 2, 12: 2}},
		{title(10, "A"), []int{3, 2}, map[int64]int{11: 1, 12: 1, 2: 1, 1: 2, 13: 2}},
		{title(6, "F.jpg"), []int{1}, map[int64]int{15: 1}},
		{title(10, "Nobody"), nil, map[int64]int{}},
	} {
		plan, err := PlanEdit(ix, test.root)
		if err != nil {
			t.Fatal(err)
		}
		got := map[int64]int{}
		for _, p := range plan.Pages {
			got[p.Page.ID] = p.Depth
		}
		if !maps.Equal(got, test.pages) || !slices.Equal(plan.Depths, test.depths) {
			t.Errorf("%s: pages %v, depths %v; want %v, %v", test.root, got, plan.Depths, test.pages, test.depths)
		}
	}
}
