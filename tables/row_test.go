package tables

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func TestTitleRow(t *testing.T) {
	t.Parallel()
	claim := func(page, dt int64, event string) TitleClaim {
		return TitleClaim{Page: page, DT: dt, Rev: page * 10, Event: event}
	}
	type step func(*TitleRow)
	take := func(page, dt int64, event string) step { return func(r *TitleRow) { r.Claim(claim(page, dt, event)) } }
	leave := func(page, dt int64, event string) step { return func(r *TitleRow) { r.Release(page, dt, event) } }
	for name, tt := range map[string]struct {
		steps  []step
		holder int64
		past   []TitleSpan
	}{
		"nobody":              {},
		"the newest claim":    {steps: []step{take(1, 5, "a"), take(2, 3, "b")}, holder: 1},
		"of one second":       {steps: []step{take(2, 5, "b"), take(1, 5, "a")}, holder: 2},
		"a release":           {steps: []step{take(1, 5, "a"), leave(1, 7, "b")}, past: []TitleSpan{{Page: 1, From: 5, To: 7, Took: "a", Lost: "b"}}},
		"only the own claim":  {steps: []step{take(1, 5, "a"), take(2, 6, "b"), leave(1, 7, "c")}, holder: 2, past: []TitleSpan{{Page: 1, From: 5, To: 7, Took: "a", Lost: "c"}}},
		"never seen":          {steps: []step{leave(1, 7, "b")}, past: []TitleSpan{{Page: 1, To: 7, Lost: "b"}}},
		"a repeated release":  {steps: []step{take(1, 5, "a"), leave(1, 7, "b"), take(1, 9, "c"), leave(1, 7, "b")}, holder: 1, past: []TitleSpan{{Page: 1, From: 5, To: 7, Took: "a", Lost: "b"}}},
		"repeats of a second": {steps: []step{take(1, 5, "a"), leave(1, 5, "b"), take(1, 5, "a"), leave(1, 5, "b")}, past: []TitleSpan{{Page: 1, From: 5, To: 5, Took: "a", Lost: "b"}}},
		"taken again":         {steps: []step{take(1, 5, "a"), leave(1, 5, "b"), take(1, 5, "c")}, holder: 1, past: []TitleSpan{{Page: 1, From: 5, To: 5, Took: "a", Lost: "b"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := &TitleRow{}
			for _, s := range tt.steps {
				s(row)
			}
			if holder, _ := row.Holder(); holder.Page != tt.holder {
				t.Errorf("holder %d, want %d", holder.Page, tt.holder)
			}
			if diff := cmp.Diff(tt.past, row.Past, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The claims of several pages come to one row, whatever their order between pages.
func TestTitleRowOrderFree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const pages = 3
		logs := make([][]func(*TitleRow), pages)
		for p := range logs {
			page, dt, open := int64(p+1), int64(0), false
			for i := range rapid.IntRange(0, 6).Draw(t, "claims") {
				dt += rapid.Int64Range(0, 2).Draw(t, "dt")
				event := string(rune('a'+p)) + string(rune('0'+i))
				at := dt
				if open {
					logs[p] = append(logs[p], func(r *TitleRow) { r.Release(page, at, event) })
				} else {
					logs[p] = append(logs[p], func(r *TitleRow) { r.Claim(TitleClaim{Page: page, DT: at, Event: event}) })
				}
				open = !open
			}
		}
		play := func(label string) *TitleRow {
			row, at := &TitleRow{}, make([]int, pages)
			for {
				var left []int
				for p := range logs {
					if at[p] < len(logs[p]) {
						left = append(left, p)
					}
				}
				if len(left) == 0 {
					return row
				}
				p := rapid.SampledFrom(left).Draw(t, label)
				logs[p][at[p]](row)
				at[p]++
			}
		}
		if diff := cmp.Diff(play("first"), play("second"), cmpopts.EquateEmpty(), cmpopts.SortSlices(func(a, b TitleSpan) bool { return a.Lost < b.Lost })); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestAddWaveKeepsWhatLateLinksNeed(t *testing.T) {
	t.Parallel()
	key := TitleTarget(Title{Wiki: "enwiki", Namespace: 10, DBKey: "T"})
	rapid.Check(t, func(t *rapid.T) {
		row := &TargetRow{}
		var all []Wave
		for i := range rapid.IntRange(0, 60).Draw(t, "waves") {
			root := rapid.SampledFrom([]string{"T", "U", "V"}).Draw(t, "root")
			c := NewCascade(ChangeContent, Title{Wiki: "enwiki", Namespace: 10, DBKey: root}, string(rune(i)), rapid.Int64Range(1, 40).Draw(t, "dt"), int64(i))
			w := Wave{Hop: CascadeHop{Cascade: c}, Types: LinkTypes(rapid.Uint16Range(1, 7).Draw(t, "types"))}
			all = append(all, w)
			row.AddWave(key, w)
		}
		for i, w := range all {
			kept := row.Wave(w.Hop.Cascade.ID) != nil
			if !kept && i >= len(all)-RecentWaves {
				t.Fatalf("wave %d of %d is recent and forgotten", i, len(all))
			}
			if kept {
				continue
			}
			// Whatever is stale for the forgotten one is stale for one that is kept and no older.
			for typ := range w.Types.Each() {
				found := false
				for _, k := range row.Waves {
					own := k.Hop.Cascade.Root == w.Hop.Cascade.Root && w.Hop.Cascade.Root.DBKey == "T"
					foreign := w.Hop.Cascade.Root.DBKey != "T" && k.Hop.Cascade.Root.DBKey != "T"
					newer := k.Hop.Cascade.DT > w.Hop.Cascade.DT || foreign && k.Hop.Cascade.DT == w.Hop.Cascade.DT
					found = found || k.Types.Has(typ) && newer && (own || foreign)
				}
				if !found {
					t.Fatalf("nothing kept covers %s of wave %d, %+v", typ, i, w)
				}
			}
		}
	})
}

func TestCascadeRowIsExpandedWhenNothingIsOpen(t *testing.T) {
	t.Parallel()
	slots := func(list ...int) (b Bits) {
		for _, i := range list {
			b.Add(i)
		}
		return b
	}
	root := &Progress{Message: 1, Walked: true, Walks: []int64{1, 2}, Asks: slots(0, 3)}
	hub := &Progress{Message: 2, Walked: true, Asks: slots(0)}
	answers := []*Progress{
		{Message: 1, Asked: slots(0)}, {Message: 1, Asked: slots(3)}, {Message: 2, Asked: slots(0)},
	}
	log := append([]*Progress{root, hub}, answers...)
	rapid.Check(t, func(t *rapid.T) {
		row := &CascadeRow{}
		order := rapid.Permutation(log).Draw(t, "order")
		seen := map[*Progress]bool{}
		for _, p := range order {
			for range rapid.IntRange(1, 2).Draw(t, "repeats") {
				u := &CascadeUpdate{Row: row, Room: CascadeEntries}
				if err := u.Note(p, 1); err != nil {
					t.Fatal(err)
				}
			}
			seen[p] = true
			if rapid.Bool().Draw(t, "stored") {
				data, err := CascadeRows.Encode(row)
				if err != nil {
					t.Fatal(err)
				}
				if row, err = CascadeRows.Decode(data); err != nil {
					t.Fatal(err)
				}
			}
			// Nothing may look finished before it is.
			if row.Expanded() != (len(seen) == len(log)) {
				t.Fatalf("expanded: %t after %d of %d records", row.Expanded(), len(seen), len(log))
			}
		}
	})
}

func TestRequestRowForgetsOldCascades(t *testing.T) {
	t.Parallel()
	row := &RequestRow{}
	const all = ClosedCascades + 24
	for i := range all {
		id := CascadeID(rune('A' + i))
		row.Cascade(Cascade{ID: id}).Asked.Add(i)
		if i == 5 {
			continue // stays open
		}
		for j := range row.Cascades {
			if row.Cascades[j].Cascade.ID == id {
				row.Close(j, ClosedCascades)
				break
			}
		}
	}
	if n := len(row.Cascades); n != ClosedCascades+1 {
		t.Errorf("%d cascades kept, want %d closed and 1 open", n, ClosedCascades)
	}
	if !row.Cascade(Cascade{ID: CascadeID(rune('A' + 5))}).Asked.Has(5) {
		t.Error("the open cascade is forgotten")
	}
	if !row.Cascade(Cascade{ID: CascadeID(rune('A' + all - 1))}).Closed {
		t.Error("the newest closed cascade is forgotten")
	}
}
