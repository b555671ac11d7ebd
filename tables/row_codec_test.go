package tables

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/codecs/codectest"
	"github.com/eddystream/eddy/tables/schemas"
)

func drawEdges(t *rapid.T) (e Edges) {
	for range rapid.IntRange(0, 40).Draw(t, "links") {
		u := ChunkEdge{
			Page: rapid.Int64Range(1, 1<<32-1).Draw(t, "page"), Type: LinkType(rapid.IntRange(0, NumLinkTypes-1).Draw(t, "type")), Present: true,
			Direct: rapid.Bool().Draw(t, "direct"),
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
	codec, avro := DependentsRows(), avroDependents()
	rapid.Check(t, func(t *rapid.T) {
		row := drawDependents(t)
		data, err := codec.Encode(row)
		if err != nil {
			t.Fatal(err)
		}
		if want, err := avro.Encode(row); err != nil || !bytes.Equal(data, want) {
			t.Fatalf("encoded as\n%x, want\n%x, error %v", data, want, err)
		}
		got, err := codec.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(row, got, sameRows); diff != "" {
			t.Fatal(diff)
		}
		for range 4 {
			codectest.SameReadDamaged(t, codec, avro, data, sameRows)
		}
	})
}

// avroDependents is the codec without a layout.
func avroDependents() codecs.Codec[*DependentsRow] {
	return dependentsCodec(schemas.Codec[*dependentsRecord]("DependentsRow"))
}

var sameRows = cmp.Options{cmpopts.EquateEmpty(), cmp.AllowUnexported(Edges{}, typedUsers{}, directUsers{}, Visit{})}

func drawDependents(t *rapid.T) *DependentsRow {
	row := &DependentsRow{}
	if rapid.Bool().Draw(t, "chunk") {
		row.Chunk = &ChunkRow{Edges: drawEdges(t)}
	} else if row.Parts = Bits(rapid.SliceOfN(rapid.Byte(), 0, 2).Draw(t, "parts")); len(row.Parts) == 0 {
		row.Target = &TargetRow{
			Holder: rapid.Int64().Draw(t, "holder"), HolderDT: 5, Left: Leaver{Page: 1, DT: 2}, Own: []OwnLink{{Page: 3, Start: 4}},
			Met: Met{State: MetOne, Page: 7}, UsedSince: 9, Direct: true, Told: Told{Page: 7, Start: 9},
		}
		row.Target.AddVisit(Target{}, Visit{Hop: CascadeHop{Cascade: Cascade{ID: "0123456789abcdef", DT: 3}, Depth: 2}, Types: 3})
		for _, wiki := range []string{"dewiki", "enwiki"}[:rapid.IntRange(0, 2).Draw(t, "sources")] {
			s := row.Target.Source(wiki)
			if s.Edges = drawEdges(t); rapid.Bool().Draw(t, "chunked") {
				s.Width, s.Chunks, s.Pending = 14, IDSet{1, 5}, []ChunkEdge{{Page: 8, Type: LinkPage, Present: true}}
				s.Parts = Bits(rapid.SliceOfN(rapid.Byte(), 0, 2).Draw(t, "parts"))
			}
		}
	}
	return row
}

func FuzzDependentsRows(f *testing.F) {
	codec, avro := DependentsRows(), avroDependents()
	for _, row := range []*DependentsRow{
		{},
		{Chunk: &ChunkRow{Edges: Edges{users: []typedUsers{{typ: LinkPage, ids: IDSet{1, 2, 3}}}}}},
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
		if want, wantErr := avro.Decode(data); (err == nil) != (wantErr == nil) || !cmp.Equal(want, row, sameRows) {
			t.Fatalf("%x: read %v with error %v, want %v with error %v", data, row, err, want, wantErr)
		}
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
		if diff := cmp.Diff(row, got, sameRows); diff != "" {
			t.Fatal(diff)
		}
	})
}

// A release before has all that a visit says, in another form. Rows are written so while its workers run.
func TestVisitsOfARowFromBefore(t *testing.T) {
	t.Parallel()
	key := TitleTarget(Title{Wiki: "enwiki", Namespace: 10, DBKey: "Infobox"})
	row := &TargetRow{}
	for i, root := range []Title{{"enwiki", 10, "Infobox"}, {"dewiki", 10, "Infobox"}, {"enwiki", 0, "Infobox"}} {
		c := NewCascade(changeKinds[1+i], root, "event", int64(100+i), int64(i))
		c.Prefix, c.AsOf, c.Order, c.Timeless = "P", 7, 8, i == 1
		w := Visit{Hop: CascadeHop{Cascade: c, Depth: int32(i)}, Types: 3, Taken: 2, Page: 9, Beyond: 3, Once: LinkTypes(i)}
		w.Redirected = w.byRedirect()
		row.AddVisit(key, w)
	}
	before := schemas.New()
	if err := before.Write("v1"); err != nil {
		t.Fatal(err)
	}
	for name, codec := range map[string]codecs.Codec[*DependentsRow]{
		"this release": DependentsRows(), "v1": dependentsCodec(codecs.Avro[*dependentsRecord](before.MustFormat("eddy.DependentsRow"))),
	} {
		data, err := codec.Encode(&DependentsRow{Target: row})
		if err != nil {
			t.Fatal(err)
		}
		got, err := DependentsRows().Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		got.Target.Belongs(key)
		want := slices.Clone(row.Visits)
		if name == "v1" {
			for i := range want { // what it does not know
				w := &want[i]
				w.Beyond, w.Once, w.own = 0, 0, false
				w.upgrade()
				w.Hop.Cascade.AsOf, w.Hop.Cascade.Order, w.Hop.Cascade.Timeless = 0, 0, false
			}
		}
		if diff := cmp.Diff(want, got.Target.Visits, cmp.AllowUnexported(Visit{})); diff != "" {
			t.Errorf("written as by %s: %s", name, diff)
		}
		for i, w := range got.Target.Visits {
			if name != "v1" && w.own != (i == 2) {
				t.Errorf("visit %d is of the row's own title: %t", i, w.own)
			}
		}
	}
}

// A release before said of a whole row whether some of its users list only what their own text names.
func TestDirectUsersOfARowFromBefore(t *testing.T) {
	t.Parallel()
	for _, some := range []bool{false, true} {
		r := targetRecord{Direct: some, Sources: []sourceRecord{{Wiki: "w", Edges: edgesRecord{Sets: []setRecord{
			{Type: LinkTemplate, IDs: AppendIDSet(nil, IDSet{1, 2})}, {Type: LinkPage, IDs: AppendIDSet(nil, IDSet{3})},
		}}}}, Waves: []Visit{{Types: 1, Redirected: true}, {Types: 1}}}
		row, err := r.row()
		if err != nil {
			t.Fatal(err)
		}
		want := IDSet(nil)
		if some {
			want = IDSet{1, 2}
		}
		if got := row.Sources[0].Edges.DirectUsers(LinkTemplate); !slices.Equal(got, want) {
			t.Errorf("of a row that says %t: %v, want %v", some, got, want)
		}
		if row.Visits[0].Reached(ReachDirect) != 0 || row.Visits[0].Reached(ReachRedirect) != 1 || row.Visits[1].Reached(ReachAll) != 1 {
			t.Errorf("visits %+v", row.Visits)
		}
	}
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
		model, direct := map[link]*Name{}, map[link]bool{}
		for range rapid.IntRange(0, 100).Draw(t, "steps") {
			l := link{rapid.Int64Range(1, 20).Draw(t, "page"), LinkType(rapid.IntRange(0, 3).Draw(t, "type"))}
			u := ChunkEdge{Page: l.page, Type: l.typ, Present: rapid.IntRange(0, 2).Draw(t, "present") > 0, Direct: rapid.Bool().Draw(t, "direct")}
			if rapid.Bool().Draw(t, "hub") {
				u.Hub = &Name{DBKey: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "name")}
			}
			e.Apply(u)
			delete(direct, l)
			if delete(model, l); u.Present {
				model[l], direct[l] = u.Hub, u.Direct
			}
		}
		// As stored, and in two pieces.
		record := e.record()
		stored, err := record.edges()
		if err != nil {
			t.Fatal(err)
		}
		var low, high Edges
		for l, hub := range model {
			u := ChunkEdge{Page: l.page, Type: l.typ, Present: true, Hub: hub, Direct: direct[l]}
			if l.page <= 10 {
				low.Apply(u)
			} else {
				high.Apply(u)
			}
		}
		turned := high.Clone()
		turned.Append(&low)
		turned.Sort()
		low.Append(&high)
		var again Edges
		for _, u := range e.All() {
			again.Apply(u)
		}
		for what, e := range map[string]Edges{"": e, "stored ": stored, "joined ": low, "turned ": turned, "set again ": again, "copied ": e.Clone()} {
			for typ := range LinkType(4) {
				var want IDSet
				for l := range model {
					if l.typ == typ && direct[l] && typ <= LinkImage {
						want, _ = want.With(l.page)
					}
				}
				if got := e.DirectUsers(typ); !slices.Equal(got, want) {
					t.Fatalf("%sdirect users of type %s: %v, want %v", what, typ, got, want)
				}
			}
		}
		hubs := 0
		for l, hub := range model {
			if !e.Users(l.typ).Has(l.page) {
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
