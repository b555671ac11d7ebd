package tables

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func TestTitleRow(t *testing.T) {
	t.Parallel()
	claim := func(page, version, rev int64, event string) TitleClaim {
		return TitleClaim{Page: page, DT: 100 * version, Rev: rev, Event: event, Version: version}
	}
	type step func(*TitleRow)
	take := func(page, version, rev int64, event string) step {
		return func(r *TitleRow) { r.Claim(claim(page, version, rev, event)) }
	}
	leave := func(page, version int64, event string) step {
		return func(r *TitleRow) { r.Release(page, version, 100*version, event) }
	}
	left := TitleSpan{Page: 1, From: 100, To: 200, Took: "a", Lost: "b", Version: 2}
	for name, tt := range map[string]struct {
		steps  []step
		holder int64
		past   []TitleSpan
	}{
		"nobody":             {},
		"the newest claim":   {steps: []step{take(1, 1, 50, "a"), take(2, 9, 30, "b")}, holder: 1},
		"of one revision":    {steps: []step{take(2, 1, 50, "b"), take(1, 1, 50, "a")}, holder: 2},
		"a release":          {steps: []step{take(1, 1, 5, "a"), leave(1, 2, "b")}, past: []TitleSpan{left}},
		"only the own claim": {steps: []step{take(1, 1, 5, "a"), take(2, 1, 6, "c"), leave(1, 2, "b")}, holder: 2, past: []TitleSpan{left}},
		"never seen":         {steps: []step{leave(1, 2, "b")}, past: []TitleSpan{{Page: 1, To: 200, Lost: "b", Version: 2}}},
		"a repeated release": {steps: []step{take(1, 1, 5, "a"), leave(1, 2, "b"), take(1, 3, 9, "c"), leave(1, 2, "b")}, holder: 1, past: []TitleSpan{left}},
		"repeats of both":    {steps: []step{take(1, 1, 5, "a"), leave(1, 2, "b"), take(1, 1, 5, "a"), leave(1, 2, "b")}, past: []TitleSpan{left}},
		"taken again":        {steps: []step{take(1, 1, 5, "a"), leave(1, 2, "b"), take(1, 3, 5, "c")}, holder: 1, past: []TitleSpan{left}},
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
			page, open := int64(p+1), false
			for i := range rapid.IntRange(0, 6).Draw(t, "claims") {
				event, version := string(rune('a'+p))+string(rune('0'+i)), int64(i+1)
				at, rev := rapid.Int64Range(0, 9).Draw(t, "dt"), rapid.Int64Range(1, 9).Draw(t, "rev") // times go as they like
				if open {
					logs[p] = append(logs[p], func(r *TitleRow) { r.Release(page, version, at, event) })
				} else {
					logs[p] = append(logs[p], func(r *TitleRow) { r.Claim(TitleClaim{Page: page, DT: at, Rev: rev, Event: event, Version: version}) })
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

func TestAddVisitKeepsWhatLateLinksNeed(t *testing.T) {
	t.Parallel()
	key := TitleTarget(Title{Wiki: "enwiki", Namespace: 10, DBKey: "T"})
	rapid.Check(t, func(t *rapid.T) {
		row := &TargetRow{}
		var all []Visit
		for i := range rapid.IntRange(0, 60).Draw(t, "visits") {
			root := rapid.SampledFrom([]string{"T", "U", "V"}).Draw(t, "root")
			rev := rapid.Int64Range(1, 40).Draw(t, "rev")
			c := NewCascade(ChangeContent, Title{Wiki: "enwiki", Namespace: 10, DBKey: root}, string(rune(i)), rapid.Int64Range(1, 40).Draw(t, "dt"), rev)
			w := Visit{Hop: CascadeHop{Cascade: c}, Types: LinkTypes(rapid.Uint16Range(1, 7).Draw(t, "types"))}
			all = append(all, w)
			row.AddVisit(key, w)
		}
		for i, w := range all {
			kept := row.Visit(w.Hop.Cascade.ID) != nil
			if !kept && i >= len(all)-RecentVisits {
				t.Fatalf("visit %d of %d is recent and forgotten", i, len(all))
			}
			if kept {
				continue
			}
			// Whatever is stale for the forgotten one, by a time or by a revision, is stale for a newer one that is kept, or
			// for an older one from elsewhere of a later moment.
			for typ := range w.Types.Each() {
				found := false
				for _, k := range row.Visits {
					c, o := k.Hop.Cascade, w.Hop.Cascade
					own := o.Root.DBKey == "T"
					same := own == (c.Root.DBKey == "T")
					after := k.At > int64(i+1) && c.Moment() >= o.Moment() && (!own || c.Rev >= o.Rev)
					found = found || same && k.Types.Has(typ) && (after || !own && c.Moment() > o.Moment())
				}
				if !found {
					t.Fatalf("visit %d (%+v) is forgotten, and nothing stands for its %s links", i, w, typ)
				}
			}
		}
	})
}

// In whatever order changes from elsewhere come, a row keeps a few of them.
func TestVisitsAreFew(t *testing.T) {
	t.Parallel()
	key := TitleTarget(Title{Wiki: "enwiki", Namespace: 10, DBKey: "T"})
	for name, dt := range map[string]func(n int64) int64{
		"rising": func(n int64) int64 { return n }, "falling": func(n int64) int64 { return 5000 - n }, "in turns": func(n int64) int64 { return 2500 + n*(n%2*2-1) },
	} {
		row := &TargetRow{}
		for n := range int64(2000) {
			c := NewCascade(ChangeContent, Title{Wiki: "enwiki", Namespace: 10, DBKey: fmt.Sprint("U", n%7)}, strconv.FormatInt(n, 10), dt(n), n)
			v := Visit{Hop: CascadeHop{Cascade: c}}
			v.Walk(LinkTypes(1+n%3), Reach(n%int64(numReaches)))
			row.AddVisit(key, v)
			if len(row.Visits) > RecentVisits+8 {
				t.Fatalf("%s: %d visits", name, len(row.Visits))
			}
		}
	}
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
		row.Cascade(Cascade{ID: id}, 1).Asked.Add(i)
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
	if !row.Cascade(Cascade{ID: CascadeID(rune('A' + 5))}, 1).Asked.Has(5) {
		t.Error("the open cascade is forgotten")
	}
	if !row.Cascade(Cascade{ID: CascadeID(rune('A' + all - 1))}, 1).Closed {
		t.Error("the newest closed cascade is forgotten")
	}
}
