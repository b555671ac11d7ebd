package processors_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/tables/schemas"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// nth is a cascade that asks for pages of the first chunk.
func nth(i int) tables.Cascade {
	root := tables.Title{Wiki: wiki, Namespace: 10, DBKey: fmt.Sprint("T", i)}
	return tables.NewCascade(tables.ChangeContent, root, fmt.Sprint("change ", i), at(i).Unix(), int64(i))
}

func askOf(c tables.Cascade, pages ...byte) *tables.Ask {
	return &tables.Ask{
		Hop: tables.CascadeHop{Cascade: c, Depth: 1}, Parent: 1,
		Chunks: []tables.AskChunk{{Wiki: wiki, Sets: []tables.AskSet{{Reason: tables.LinkTemplate, Pages: pages}}}},
	}
}

// sizes are the sizes of rows of a table, with their keys, and what is in them.
func sizes[K, V any](t *testing.T, d *topologytest.Driver, table topology.Table[K, V]) map[string]string {
	t.Helper()
	rows := map[string]string{}
	for _, e := range topologytest.Rows(d, table) {
		key, err := table.KeyCodec().Encode(e.Key)
		if err != nil {
			t.Fatal(err)
		}
		value, err := table.ValueCodec().Encode(e.Value)
		if err != nil {
			t.Fatal(err)
		}
		rows[string(key)] = string(value)
	}
	return rows
}

// written is how many bytes of rows were written between two moments, each row once.
func written(before, after map[string]string) (n int) {
	for key, value := range after {
		if old, ok := before[key]; !ok || old != value {
			n += len(key) + len(value)
		}
	}
	for key := range before {
		if _, ok := after[key]; !ok {
			n += len(key)
		}
	}
	return n
}

// slow is a clock by which there are hours between what happens.
func slow() func() time.Time {
	now := at(0)
	return func() time.Time {
		now = now.Add(2 * time.Hour)
		return now
	}
}

// Cascades that are given up while they walk ask for nothing twice, and are counted.
func TestManyCascadesAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, processors.Options{OpenCascades: 4})
	asks, chunk := topologytest.Input(b.driver, tables.Asks), tables.PageKey{Wiki: wiki}
	for _, pages := range [][]byte{{1}, {1, 2}} {
		for i := range 60 {
			asks.Send(chunk, askOf(nth(i), pages...))
		}
		if n := len(b.requests()); n != 60 {
			t.Errorf("%d requests for pages %d, want 60", n, pages)
		}
	}
	for i := range 60 {
		if row := b.row(nth(i)); row.Asked != 2 {
			t.Errorf("cascade %d asked for %d pages", i, row.Asked)
		}
	}
}

// While the renderer is away the cascades that a chunk waits for are bounded, and an ask writes as much as the first did. When it comes back each answer tells
// those that still wait, once.
func TestManyOpenCascadesOfAChunk(t *testing.T) {
	t.Parallel()
	const all, pages, most = 900, 200, 64
	b := setup(t, processors.Options{OpenCascades: most, Now: slow()})
	asks, chunk := topologytest.Input(b.driver, tables.Asks), tables.PageKey{Wiki: wiki}
	asked := func(from, to int) float64 {
		n := 0
		for i := from; i < to; i++ {
			before := sizes(t, b.driver, tables.RequestParts)
			c := nth(i)
			c.Rev, c.Page, c.Order = 1_234_567_890+int64(i), 81_234_567, 7
			asks.Send(chunk, askOf(c, byte(1+i%pages)))
			n += written(before, sizes(t, b.driver, tables.RequestParts))
		}
		return float64(n) / float64(to-from)
	}
	first := asked(0, 30)
	for i := 30; i < all-60; i++ {
		asks.Queue(chunk, askOf(nth(i), byte(1+i%pages)))
	}
	b.driver.Settle()
	last := asked(all-60, all)
	if t.Logf("%.1f bytes an ask, then %.1f", first, last); first > 60 || last > 90 {
		t.Errorf("an ask writes %.1f bytes, with many open %.1f", first, last)
	}
	if n := len(b.requests()); n != all {
		t.Errorf("%d requests, want %d", n, all)
	}
	open := len(topologytest.Rows(b.driver, tables.RequestParts))
	if open < most || open > 2*most {
		t.Errorf("%d cascades are open in the chunk, want %d and not many more", open, most)
	}
	if rows := topologytest.Rows(b.driver, tables.Requests); len(rows) > 0 {
		t.Errorf("%d rows of a chunk, want none", len(rows))
	}
	for key, value := range sizes(t, b.driver, tables.RequestParts) {
		if len(key)+len(value) > 66 {
			t.Errorf("a row has %d bytes", len(key)+len(value))
		}
	}
	waits := func() (outstanding, abandoned int) {
		for _, e := range topologytest.Rows(b.driver, tables.Cascades) {
			outstanding += int(e.Value.Outstanding)
			abandoned += int(e.Value.Abandoned)
		}
		return outstanding, abandoned
	}
	if outstanding, abandoned := waits(); outstanding != open || abandoned != all-open {
		t.Errorf("cascades wait for %d pages and have given up %d, want %d and %d", outstanding, abandoned, open, all-open)
	}
	b.driver.Restart()
	progress := topologytest.Output(b.driver, tables.CascadeProgress)
	progress.All()
	for i := range int64(pages) {
		b.render(all+1, 1+i, "P", 1, "", nil)
	}
	if n := len(progress.All()); n != open {
		t.Errorf("%d reports of answers, want %d", n, open)
	}
	if outstanding, _ := waits(); outstanding != 0 {
		t.Errorf("cascades wait for %d pages that were rendered", outstanding)
	}
}

// Large asks take no more than two sets, however many pages they are for.
func TestLargeAsks(t *testing.T) {
	t.Parallel()
	b := setup(t, processors.Options{})
	pages := make([]byte, 256)
	for i := range pages {
		pages[i] = byte(i)
	}
	asks, chunk := topologytest.Input(b.driver, tables.Asks), tables.PageKey{Wiki: wiki}
	for n := 1; n <= 256; n += 15 {
		asks.Send(chunk, askOf(nth(n), pages[256-n:]...))
	}
	b.render(1000, 255, "P", 1, "", nil)
	for _, e := range topologytest.Rows(b.driver, tables.RequestParts) {
		value, err := tables.RequestPartRows.Encode(e.Value)
		if a := e.Value.Asked; a != nil && (err != nil || len(value) > 100 || len(a.Answered.Bits()) != 32 || !a.Answered.Has(255) || !a.Asked.Has(255) || a.Answered.Has(254)) {
			t.Errorf("asked for %v, answered %v, in %d bytes (%v)", a.Asked.Bits(), a.Answered.Bits(), len(value), err)
		}
	}
	for _, e := range topologytest.Rows(b.driver, tables.Cascades) {
		if r := e.Value; r.Asked != r.Cascade.Rev {
			t.Errorf("asked for %d pages, want %d", r.Asked, r.Cascade.Rev)
		}
	}
}

// What a release before has of a chunk counts until it is forgotten; what comes new is in rows of its own, unless workers of that release are to read it.
func TestChunksOfEarlierReleases(t *testing.T) { //nolint:paralleltest // what is written is the same for all tests
	for _, release := range []string{"v1", "v2"} {
		t.Run(release, func(t *testing.T) {
			if err := schemas.Releases.Write(release); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := schemas.Releases.Write("v2"); err != nil {
					t.Error(err)
				}
			}()
			b := setup(t, processors.Options{OpenCascades: 3, Now: slow()})
			row := &tables.RequestRow{
				Pages: []tables.PageRender{{Offset: 7, Start: at(1).Unix()}, {Offset: 8, Start: at(1).Unix(), Dead: true}},
				Named: []tables.NamedPage{{Offset: 7, DT: at(1).Unix(), Name: tables.Name{DBKey: "Seven"}}},
			}
			row.Cascade(nth(2), at(3).Unix()).Asked.Add(7)
			row.Cascades[0].Outstanding.Add(7)
			row.Cascade(nth(3), at(3).Unix()).Asked.Add(7)
			row.Cascades[1].Closed = true
			chunk := tables.PageKey{Wiki: wiki}
			topologytest.Seed(b.driver, tables.Requests).Send(chunk, row)
			asks := topologytest.Input(b.driver, tables.Asks)
			for _, i := range []int{2, 3} { // they have asked already
				asks.Send(chunk, askOf(nth(i), 7))
			}
			if list := b.requests(); len(list) > 0 {
				t.Errorf("asked for again: %v", list)
			}
			asks.Send(chunk, askOf(nth(4), 7, 8))
			if _, r, ok := b.asked.Next(); !ok || r.PageTitle != "Seven" {
				t.Errorf("a request for %q (%t), want one for Seven", r.PageTitle, ok)
			}
			b.requests()
			b.render(6, 7, "Seven", 1, "", nil)
			b.change(events.Edit, 7, 7, "Seven", 2)
			for _, i := range []int{2, 4} {
				if c := b.row(nth(i)); c.Outstanding != 0 {
					t.Errorf("cascade %d waits for %d pages", i, c.Outstanding)
				}
			}
			for i := 10; i < 20; i++ {
				asks.Send(chunk, askOf(nth(i), 9))
			}
			whole, _ := topologytest.Value(b.driver, tables.Requests, chunk)
			parts := len(topologytest.Rows(b.driver, tables.RequestParts))
			if release == "v1" && (parts > 0 || len(whole.Cascades) != 4) {
				t.Errorf("%d parts, and %d cascades in the row of the chunk, want 3 open ones and one that has ended", parts, len(whole.Cascades))
			}
			if release == "v2" && (parts != 4 || len(whole.Cascades) != 1) {
				t.Errorf("%d parts, want a page and 3 cascades; %d cascades in the row of the chunk, want the one that has ended", parts, len(whole.Cascades))
			}
		})
	}
}

func (b *bench) row(c tables.Cascade) *tables.CascadeRow {
	b.t.Helper()
	row, ok := topologytest.Value(b.driver, tables.Cascades, c.ID)
	if !ok {
		b.t.Fatalf("no cascade %s", c.ID)
	}
	return row
}

// A rendering that is processed again after a crash answers, though the row of its page has it already: the rows of cascades may not. One that comes a
// second time does not.
func TestAnswersAfterACrash(t *testing.T) {
	t.Parallel()
	b := setup(t, processors.Options{})
	chunk, c := tables.PageKey{Wiki: wiki}, nth(5)
	parts := topologytest.Seed(b.driver, tables.RequestParts)
	torn := tables.PageRender{Offset: 7, Start: at(9).Unix(), At: tables.PlaceOf(0, 0)}
	torn.Recent.Add("again", tables.AnswerEvents)
	parts.Send(tables.PagePart(chunk, 7), &tables.RequestPart{Page: &torn})
	set := tables.PageSet{7}
	parts.Send(tables.OpenPart(chunk, c.ID), &tables.RequestPart{Asked: &tables.AskedPages{Moment: c.Moment(), Asked: set}})
	asks := topologytest.Input(b.driver, tables.Asks)
	asks.Send(chunk, askOf(nth(4), 8)) // and so there is a timer
	again := func(r *events.Render) { r.Meta.ID = "again" }
	b.render(9, 7, "Seven", 1, "", nil, again)
	if p, _ := topologytest.Value(b.driver, tables.RequestParts, tables.OpenPart(chunk, c.ID)); !p.Asked.Answered.Has(7) {
		t.Error("the rendering that is processed again has not answered")
	}
	timeless := nth(6)
	timeless.Timeless = true
	asks.Send(chunk, askOf(timeless, 7))
	b.render(9, 7, "Seven", 1, "", nil, again)
	if c := b.row(timeless); c.Outstanding != 1 {
		t.Error("a repeat has answered")
	}
	b.render(9, 7, "Seven", 1, "", nil)
	if c := b.row(timeless); c.Outstanding != 0 {
		t.Error("a rendering has not answered")
	}
}

// Each cascade of a chunk is given up when it has itself waited for too long, also after a restart.
func TestAbandonedInTime(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // as the driver's clock
	b := setup(t, processors.Options{Now: func() time.Time { return now }})
	asks, chunk := topologytest.Input(b.driver, tables.Asks), tables.PageKey{Wiki: wiki}
	advance := func(by time.Duration) {
		now = now.Add(by)
		b.driver.Advance(by)
	}
	abandoned := func(when string, want ...int32) {
		t.Helper()
		for i, want := range want {
			if c := b.row(nth(i)); int32(c.Abandoned) != want || c.Outstanding+c.Abandoned != 2 {
				t.Errorf("%s: cascade %d waits for %d pages and has given up %d, want %d given up of 2", when, i, c.Outstanding, c.Abandoned, want)
			}
		}
	}
	asks.Send(chunk, askOf(nth(0), 1, 2))
	advance(day)
	asks.Send(chunk, askOf(nth(1), 2, 3))
	advance(5 * day)
	abandoned("after six days", 0, 0)
	advance(day)
	abandoned("after seven days", 2, 0)
	b.driver.Restart()
	advance(day)
	abandoned("after eight days", 2, 2)
}
