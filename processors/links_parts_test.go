package processors_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// linksOf returns the links of a page by its rows, as "type title", and how many parts there are that no row names.
func linksOf(tb *rapid.T, d *topologytest.Driver, page int64) (list []string, left int) {
	tb.Helper()
	parts := map[tables.LinksPartKey]*tables.LinksPart{}
	for _, e := range topologytest.Rows(d, tables.LinksParts) {
		parts[e.Key] = e.Value
	}
	named := 0
	for _, e := range topologytest.Rows(d, tables.Links) {
		named += len(e.Value.PartNames())
		row, whole, err := e.Value.Fill(func(name int64) (*tables.LinksPart, bool, error) {
			p, ok := parts[tables.LinksPartKey{First: e.Key, Second: tables.LinksPartName(name)}]
			return p, ok, nil
		})
		if err != nil || !whole {
			tb.Fatalf("page %s: whole %t, %v", e.Key, whole, err)
		}
		if e.Key == keyOf(page) && row.Active() {
			for _, l := range row.Render.Links {
				list = append(list, fmt.Sprint(l.Type, " ", l.Text))
			}
		}
	}
	slices.Sort(list)
	return list, len(parts) - named
}

// usersOf returns the links of a page by the rows of their targets, likewise.
func usersOf(d *topologytest.Driver, page int64) (list []string) {
	for _, e := range topologytest.Rows(d, tables.Dependents) {
		if e.Value.Target == nil {
			continue
		}
		for _, s := range e.Value.Target.Sources {
			for typ, set := range s.Edges.Sets() {
				if set.Has(page) {
					list = append(list, fmt.Sprint(typ, " ", e.Key.Text))
				}
			}
		}
	}
	slices.Sort(list)
	return list
}

// Whatever number of links the renderings of a page have, and whatever happens to it in between: its rows and those of its targets have those of the last
// rendering, link-changes add up to them, and no row is larger than is said. Crashes change nothing of that.
func TestLinksInParts(t *testing.T) {
	t.Parallel()
	for name, crashes := range map[string]float64{"calm": 0, "crashes": 0.15} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) { linksInParts(t, rt, crashes) })
		})
	}
}

func linksInParts(tb *testing.T, t *rapid.T, crashes float64) {
	tb.Helper()
	const page = 7
	room := rapid.SampledFrom([]int{1, 60, 200, 500}).Draw(t, "room")
	topo, err := processors.New(processors.Options{LinksBytes: room, WitnessAfter: -1})
	if err != nil {
		t.Fatal(err)
	}
	opts := []topologytest.DriverOption{topologytest.Interleave(rapid.Uint64().Draw(t, "seed")), topologytest.Batch(3)}
	if crashes > 0 {
		opts = append(opts, topologytest.Crashes(crashes))
	}
	d := topologytest.New(tb, topo, append(opts, topologytest.Fresh())...)
	changes, renders := topologytest.Input(d, tables.PageChanges), topologytest.Input(d, tables.Renders)
	reported := topologytest.Output(d, tables.LinkChanges)
	want, rev, live, title := map[string]bool{}, int64(0), true, "A"
	seen := map[string]bool{}
	for step := range rapid.IntRange(1, 8).Draw(t, "steps") {
		id := strconv.Itoa(step)
		change := events.PageChange{
			Meta: events.Meta{ID: "c" + id}, Wiki: wiki, Time: at(10 * step), Kind: events.Edit, Page: events.Page{ID: page, Title: title},
		}
		switch kind := rapid.IntRange(0, 5).Draw(t, "kind"); {
		case step > 0 && live && kind == 0:
			change.Kind, live = events.Delete, false
			change.Revision.ID = rev
		case !live:
			change.Kind, live = events.Undelete, true
			change.Revision.ID = rev
		case step > 0 && kind == 1:
			change.Kind, title = events.Move, title+"B"
			rev++
			change.Page.Title, change.Revision.ID = title, rev
		default:
			rev++
			change.Revision.ID = rev
		}
		changes.Queue(keyOf(page), change)
		if !live || rapid.IntRange(0, 3).Draw(t, "unrendered") == 0 {
			continue
		}
		n := rapid.SampledFrom([]int{0, 1, 3, 20, 60}).Draw(t, "links")
		want = map[string]bool{}
		r := events.Render{
			Meta: events.Meta{ID: "r" + id}, Wiki: wiki, Start: at(10*step + 5), Page: events.RenderPage{ID: page, Title: title}, Revision: events.RenderRevision{ID: rev},
		}
		for range n {
			text := fmt.Sprintf("L%02d", rapid.IntRange(0, 80).Draw(t, "link"))
			if rapid.Bool().Draw(t, "template") {
				r.Links.Template = append(r.Links.Template, events.TemplateLink{Namespace: 10, Title: text, PageID: 900})
				want["template "+text] = true
			} else {
				r.Links.Page = append(r.Links.Page, events.TitleLink{Title: text})
				want["page "+text] = true
			}
		}
		renders.Queue(keyOf(page), r)
		if rapid.Bool().Draw(t, "settle") {
			d.Settle()
		}
	}
	d.Settle()
	expected := slices.Sorted(maps.Keys(want))
	if !live {
		expected = nil
	}
	if got, left := linksOf(t, d, page); !slices.Equal(got, expected) || left > 0 && crashes == 0 {
		t.Errorf("the page's links are %q, want %q; %d parts are left", got, expected, left)
	}
	if got := usersOf(d, page); !slices.Equal(got, expected) {
		t.Errorf("it is among the users of %q, want %q", got, expected)
	}
	for {
		_, c, ok := reported.Next()
		if !ok {
			break
		}
		for _, target := range c.Removed {
			delete(seen, c.Type.String()+" "+target[strings.LastIndexByte(target, ':')+1:])
		}
		for _, target := range c.Added {
			seen[c.Type.String()+" "+target[strings.LastIndexByte(target, ':')+1:]] = true
		}
	}
	if got := slices.Sorted(maps.Keys(seen)); crashes == 0 && !slices.Equal(got, expected) {
		t.Errorf("link-changes add up to %q, want %q", got, expected)
	}
	for _, e := range topologytest.Rows(d, tables.LinksParts) {
		if size := 23 * len(e.Value.Links); size > room && len(e.Value.Links) > 1 {
			t.Errorf("a part has %d links, with room for %d bytes", len(e.Value.Links), room)
		}
	}
	for _, e := range topologytest.Rows(d, tables.Links) {
		for _, s := range []*tables.RenderState{e.Value.Render, e.Value.Older} {
			if s != nil && (23*len(s.Links) > room || len(s.Links) > 0 && len(s.Parts) > 0) {
				t.Errorf("a row has %d links and %d parts, with room for %d bytes", len(s.Links), len(s.Parts), room)
			}
		}
	}
}

// After a crash in the middle of the changelogs a page's row and its parts are of different moments. When the records of the lost batch have come again, in
// another order among their topics, all is as if nothing had been.
func TestLinksInPartsThatAreTorn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) { tornLinks(t, rt) })
}

func tornLinks(tb *testing.T, t *rapid.T) {
	tb.Helper()
	const page = 7
	topo, err := processors.New(processors.Options{LinksBytes: rapid.SampledFrom([]int{1, 60, 200}).Draw(t, "room"), WitnessAfter: -1})
	if err != nil {
		t.Fatal(err)
	}
	d := topologytest.New(tb, topo, topologytest.Fresh())
	lives, renders := topologytest.Input(d, tables.Lives), topologytest.Input(d, tables.Renders)
	heads, parts := topologytest.Seed(d, tables.Links), topologytest.Seed(d, tables.LinksParts)
	var want []string
	step := 0
	draw := func(live bool, title string) (*tables.Life, events.Render) {
		step++
		life := &tables.Life{
			Kind: tables.ChangeContent, Event: fmt.Sprint("c", step), DT: at(10 * step).Unix(), Rev: int64(step), Live: live, Name: tables.Name{DBKey: title},
			Version: int64(step), Titled: !live, Asks: live,
		}
		if !live {
			life.Kind = tables.ChangeDelete
		}
		r := events.Render{
			Meta: events.Meta{ID: fmt.Sprint("r", step)}, Wiki: wiki, Start: at(10*step + 5), Page: events.RenderPage{ID: page, Title: title},
			Revision: events.RenderRevision{ID: int64(step)},
		}
		want = nil
		for i := range 80 {
			if rapid.IntRange(0, 2).Draw(t, "link") > 0 {
				continue
			}
			text := fmt.Sprintf("L%02d", i)
			r.Links.Template = append(r.Links.Template, events.TemplateLink{Namespace: 10, Title: text, PageID: 900})
			want = append(want, "template "+text)
		}
		if rapid.IntRange(0, 4).Draw(t, "empty") == 0 {
			r.Links.Template, want = nil, nil
		}
		return life, r
	}
	life, render := draw(true, "A")
	lives.Send(keyOf(page), life)
	renders.Send(keyOf(page), render)
	headsBefore, partsBefore := rowsOf(d, tables.Links), rowsOf(d, tables.LinksParts)

	var batchLives []*tables.Life
	var batch []events.Render
	live := true
	for range rapid.IntRange(1, 3).Draw(t, "batch") {
		live = rapid.IntRange(0, 4).Draw(t, "live") > 0
		l, r := draw(live, rapid.SampledFrom([]string{"A", "B"}).Draw(t, "title"))
		batchLives, batch = append(batchLives, l), append(batch, r)
		lives.Send(keyOf(page), l)
		renders.Send(keyOf(page), r)
	}
	if !live {
		want = nil
	}
	for key, row := range rowsOf(d, tables.Links) {
		if before, ok := headsBefore[key]; ok && row != nil && rapid.Bool().Draw(t, "head of before") {
			heads.Send(key, before)
		}
	}
	partsAfter := rowsOf(d, tables.LinksParts)
	for key := range partsAfter {
		if _, ok := partsBefore[key]; !ok && rapid.Bool().Draw(t, "not written") {
			parts.SendDelete(key)
		}
	}
	for key, row := range partsBefore {
		if _, ok := partsAfter[key]; !ok && rapid.Bool().Draw(t, "not deleted") {
			parts.Send(key, row)
		}
	}
	for len(batch)+len(batchLives) > 0 {
		if len(batch) > 0 && (len(batchLives) == 0 || rapid.Bool().Draw(t, "render")) {
			renders.Send(keyOf(page), batch[0])
			batch = batch[1:]
		} else {
			lives.Send(keyOf(page), batchLives[0])
			batchLives = batchLives[1:]
		}
	}
	if got, _ := linksOf(t, d, page); !slices.Equal(got, want) {
		t.Errorf("the page's links are %q, want %q", got, want)
	}
	if got := usersOf(d, page); !slices.Equal(got, want) {
		t.Errorf("it is among the users of %q, want %q", got, want)
	}
}

func rowsOf[K comparable, V any](d *topologytest.Driver, table topology.Table[K, V]) map[K]V {
	rows := map[K]V{}
	for _, e := range topologytest.Rows(d, table) {
		rows[e.Key] = e.Value
	}
	return rows
}
