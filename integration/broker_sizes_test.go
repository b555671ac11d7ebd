package integration_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology"
)

var (
	large         = flag.Bool("large", false, "let TestSizes have pages as large as an event may make them, and the tests below as much as they say, and print sizes")
	largeUsers    = flag.Int64("large.users", 1_000_000, "with -large: pages that use the template of TestSpreadUsers")
	largeCascades = flag.Int64("large.cascades", 100_000, "with -large: cascades of TestManyOpenCascades")
)

// eventFile writes events by hand, as large as they come.
type eventFile struct {
	t    *testing.T
	path string
	out  *os.File
	n    int
}

func newEventFile(t *testing.T) *eventFile {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.ndjson")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	return &eventFile{t: t, path: path, out: out}
}

func (f *eventFile) line(schema, title string, page, rev int, fields map[string]any) {
	f.t.Helper()
	f.n++
	event := map[string]any{
		"$schema": schema, "meta": map[string]any{"id": fmt.Sprint("e", f.n), "domain": "x"}, "wiki_id": "w", "dt": "2024-01-01T00:00:00Z",
		"page": map[string]any{"page_id": page, "page_title": title, "namespace_id": 0}, "revision": map[string]any{"rev_id": rev},
	}
	maps.Copy(event, fields)
	if err := json.NewEncoder(f.out).Encode(event); err != nil {
		f.t.Fatal(err)
	}
}

func (f *eventFile) change(kind, title string, page, rev int) {
	f.t.Helper()
	f.line("/mediawiki/page/change/1.2.0", title, page, rev, map[string]any{"page_change_kind": kind})
}

func (f *eventFile) render(title string, page, rev int, links map[string]any) {
	f.t.Helper()
	f.line("/eddy/render/1.0.0", title, page, rev, map[string]any{"closure": "complete", "links": links})
}

func pagesFrom(first, n int) map[string]any {
	list := make([]map[string]any, n)
	for i := range list {
		list[i] = map[string]any{"namespace_id": 0, "title": fmt.Sprintf("Some_page_%07d", first+i)}
	}
	return map[string]any{"page": list}
}

func addresses(n int) map[string]any {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("https://example.org/%07d?", i) + strings.Repeat("x", 2000)
	}
	return map[string]any{"external": list}
}

// No row and no message grows with the links of a page, the changes of a second, or the pages that claim a title. A rendering of more than a record
// may have is refused by its line and size, and all others are used. One that a greater record has room for loses the links behind those that a
// record may lead to.
func TestSizes(t *testing.T) {
	t.Parallel()
	links, urls, many, options := 500, 20, 200, processors.Options{LinksBytes: 2000}
	hugeLinks, hugeURLs, wide := 90_000, 600, 1_000_000
	if *large {
		links, urls, many, options = 40_000, 450, 30_000, processors.Options{}
		hugeLinks, hugeURLs, wide = 1_400_000, 32_000, 32<<20
	}
	f := newEventFile(t)
	f.change("create", "Long_list", 1, 1)
	f.render("Long_list", 1, 1, pagesFrom(0, links))
	f.render("Long_list", 1, 1, pagesFrom(links/2, links))
	f.change("create", "Addresses", 2, 1)
	f.render("Addresses", 2, 1, addresses(urls))
	f.render("Too_long_list", 3, 1, pagesFrom(0, hugeLinks))
	tooLong := f.n
	f.render("Too_many_addresses", 4, 1, addresses(hugeURLs))
	for i := range many {
		f.change("edit", "Busy", 5, i+1)
	}
	for i := range many {
		f.change("create", "Same", 1000+i, many+i)
	}
	f.change("delete", "Addresses", 2, 1)
	million := 0
	if *large {
		million = 1_000_000
		f.render("A_million_links", 6, 1, pagesFrom(0, million))
	}
	if err := f.out.Close(); err != nil {
		t.Fatal(err)
	}

	b := runBrokered(t, options, topology.Config{Partitions: 2, MaxRecordBytes: wide})
	var refused []string
	left := 0 // links of the page with a million
	counts, err := replay.Feed(t.Context(), b.to, []string{f.path}, replay.Options{
		Sites: b.sites, OnError: replay.DeadLetter,
		Dropped: func(ev *events.Event, links []events.Dropped) {
			if ev.Render != nil && ev.Render.Page.ID == 6 {
				left = len(links)
			}
		},
		Reject: func(_ context.Context, r replay.Rejected) error {
			if !errors.Is(r.Err, topology.ErrTooLarge) {
				return r.Err
			}
			refused = append(refused, r.Err.Error())
			return nil
		},
	})
	if err != nil || counts.Rejected != 2 || len(refused) != 2 {
		t.Fatalf("%+v, refused %q: %v", counts, refused, err)
	}
	for i, what := range refused {
		if !strings.Contains(what, fmt.Sprintf("events.ndjson:%d", tooLong+i)) || !strings.Contains(what, " bytes") {
			t.Errorf("refused with %q", what)
		}
		t.Log(what)
	}

	parts := 0
	for _, topic := range []string{
		tables.Links.Topic(), tables.LinksParts.Topic(), tables.Pages.Topic(), tables.Titles.Topic(), tables.Dependents.Topic(), tables.Requests.Topic(),
	} {
		rows, most := 0, 0
		raw := topology.NewTable(topic, codecs.Bytes(), codecs.Bytes())
		err := replay.ReadTable(t.Context(), b.cfg, raw, func(v *topology.View[[]byte, []byte]) error {
			for e, err := range v.All() {
				if err != nil {
					return err
				}
				rows, most = rows+1, max(most, len(e.Key)+len(e.Value))
			}
			return nil
		})
		if err != nil {
			t.Fatalf("%s: %v", topic, err)
		}
		t.Logf("%-30s %7d rows, %7d bytes at most", topic, rows, most)
		if topic == tables.LinksParts.Topic() {
			parts = rows
		}
		if topic != tables.Requests.Topic() && most > 40_000 { // a row of requests is of 256 pages
			t.Errorf("%s has a row of %d bytes", topic, most)
		}
	}
	if parts < 10 {
		t.Errorf("%d parts of links", parts)
	}

	listed := map[int64]int{}
	err = replay.EachLinks(t.Context(), b.cfg, func(page tables.PageKey, row *tables.LinksRow) error {
		if row.Active() {
			listed[page.ID] = len(row.Render.Links)
		}
		return nil
	})
	if want := map[int64]int{1: links, 6: million - left}; err != nil || listed[1] != want[1] || listed[6] != want[6] || listed[2] != 0 {
		t.Errorf("the pages have %v links, want %v: %v", listed, want, err)
	}

	ends, err := topology.Ends(t.Context(), b.cfg, tables.LinkChanges)
	if err != nil {
		t.Fatal(err)
	}
	added, removed, most := 0, 0, 0
	err = topology.Read(t.Context(), b.cfg, tables.LinkChanges, nil, ends, func(_ context.Context, r *topology.Record[tables.PageKey, tables.LinkChange]) error {
		data, err := tables.LinkChanges.ValueCodec().Encode(r.Value)
		added, removed, most = added+len(r.Value.Added), removed+len(r.Value.Removed), max(most, len(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("link-changes: %d bytes at most; %d links are left out", most, left)
	if (million > 0) != (left > 0) || added != links+links/2+urls+million-left || removed != links/2+urls || most > 70_000 {
		t.Errorf("link-changes name %d links that came and %d that went, in records of up to %d bytes", added, removed, most)
	}
}
