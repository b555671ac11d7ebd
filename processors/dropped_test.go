package processors_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology/topologytest"
)

// impossible are links that cannot be, by their fault.
func impossible() map[string]struct {
	fault events.Fault
	links events.Links
} {
	page := func(namespace int32, title string) events.Links {
		return events.Links{Page: []events.TitleLink{{Namespace: namespace, Title: title}}}
	}
	interwiki := func(prefix, title string) events.Links {
		return events.Links{Interwiki: []events.InterwikiLink{{Prefix: prefix, Title: title}}}
	}
	long := strings.Repeat("x", 256)
	return map[string]struct {
		fault events.Fault
		links events.Links
	}{
		"language link without code":       {events.FaultPrefix, events.Links{Lang: []string{"Titel"}}},
		"language link of no code":         {events.FaultPrefix, events.Links{Lang: []string{":Titel"}}},
		"language link of a space":         {events.FaultPrefix, events.Links{Lang: []string{"d e:Titel"}}},
		"language link of a long title":    {events.FaultLength, events.Links{Lang: []string{"de:" + long}}},
		"empty language link":              {events.FaultEmpty, events.Links{Lang: []string{""}}},
		"interwiki prefix with a colon":    {events.FaultPrefix, interwiki(":w", "X")},
		"interwiki prefix of two":          {events.FaultPrefix, interwiki("w:de", "X")},
		"no interwiki prefix":              {events.FaultPrefix, interwiki("", "X")},
		"long interwiki prefix":            {events.FaultLength, interwiki(long, "X")},
		"long interwiki title":             {events.FaultLength, interwiki("w", long)},
		"interwiki title with a NUL":       {events.FaultCharacter, interwiki("w", "X\x00")},
		"long title":                       {events.FaultLength, page(0, long)},
		"title that NFC makes long":        {events.FaultLength, page(0, strings.Repeat("\U0001D160", 50))},
		"empty title":                      {events.FaultEmpty, page(0, "")},
		"title of spaces":                  {events.FaultEmpty, page(0, " _ ")},
		"title with a NUL":                 {events.FaultCharacter, page(0, "A\x00B")},
		"title with a bracket":             {events.FaultCharacter, page(0, "A[B")},
		"title that is no UTF-8":           {events.FaultCharacter, page(0, "A\xff")},
		"relative path":                    {events.FaultTitle, page(0, "A/../B")},
		"percent":                          {events.FaultTitle, page(0, "A%41")},
		"leading colon":                    {events.FaultTitle, page(10, ":A")},
		"namespace that no wiki has":       {events.FaultNamespace, page(-3, "A")},
		"negative page_id":                 {events.FaultNumber, events.Links{Existence: []events.TitleLink{{Title: "A", PageID: -1}}}},
		"negative rev_id":                  {events.FaultNumber, events.Links{Template: []events.TemplateLink{{Namespace: 10, Title: "A", PageID: 1, RevID: -1}}}},
		"empty address":                    {events.FaultEmpty, events.Links{External: []string{""}}},
		"address with a NUL":               {events.FaultCharacter, events.Links{External: []string{"https://a.example/\x00"}}},
		"address with a line break":        {events.FaultCharacter, events.Links{External: []string{"https://a.example/\n"}}},
		"address that is no UTF-8":         {events.FaultCharacter, events.Links{External: []string{"https://a.example/\xff"}}},
		"address of a whole document":      {events.FaultLength, events.Links{External: []string{"data:," + strings.Repeat(long, 64)}}},
		"file of an empty name":            {events.FaultEmpty, events.Links{Image: []events.TitleLink{{Namespace: 6}}}},
		"category of a character too many": {events.FaultCharacter, events.Links{Category: []events.TitleLink{{Namespace: 14, Title: "{{{1}}}"}}}},
	}
}

// A link that cannot be is left out with its fault, and the rest of its rendering is used.
func TestLinksThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, tt := range impossible() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			b := setup(t, processors.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			b.page(1, 1, "Template:T", nil)
			b.change(events.Create, 2, 2, "P", 2)
			r := b.render(3, 2, "P", 2, "", uses{"Template:T@1.1"}, func(r *events.Render) {
				r.Links.Page, r.Links.Image, r.Links.Category = tt.links.Page, tt.links.Image, tt.links.Category
				r.Links.Existence, r.Links.External, r.Links.Lang = tt.links.Existence, tt.links.External, tt.links.Lang
				r.Links.Interwiki, r.Links.Template = tt.links.Interwiki, append(r.Links.Template, tt.links.Template...)
			})
			for _, e := range topologytest.Rows(b.driver, tables.Links) {
				if e.Key == keyOf(2) && len(e.Value.Render.Links) != 1 {
					t.Errorf("the page has the links %v", e.Value.Render.Links)
				}
			}
			if want := []string{"template 2"}; !slices.Equal(b.dependents("Template:T"), want) {
				t.Errorf("dependents %v, want %v", b.dependents("Template:T"), want)
			}
			if line := log.String(); strings.Count(line, "\n") != 1 || !strings.Contains(line, "fault="+string(tt.fault)+" count=1") {
				t.Errorf("logged %q", line)
			}
			dropped, err := processors.Check(tables.AnyWiki(), &events.Event{Render: &r})
			if err != nil || len(dropped) != 1 || dropped[0].Fault != tt.fault {
				t.Errorf("Check says %+v, %v; want one link dropped for its %s", dropped, err, tt.fault)
			}
		})
	}
}

// Whatever stands in a rendering, no link of it stops the pipeline.
func TestNoLinkStopsThePipeline(t *testing.T) {
	t.Parallel()
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z:_ #\x00-\x20\[\]%.~/&;]{0,12}`), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	number := rapid.OneOf(rapid.Int64Range(-2, 3), rapid.Int64())
	rapid.Check(t, func(rt *rapid.T) {
		topo, err := processors.New(processors.Options{})
		if err != nil {
			rt.Fatal(err)
		}
		d := topologytest.New(t, topo)
		renders := topologytest.Input(d, tables.Renders)
		namespace := rapid.OneOf(rapid.Int32Range(-3, 15), rapid.Int32())
		title := rapid.Custom(func(rt *rapid.T) events.TitleLink {
			return events.TitleLink{Namespace: namespace.Draw(rt, "namespace"), Title: text.Draw(rt, "title"), PageID: number.Draw(rt, "page")}
		})
		titles := rapid.SliceOfN(title, 0, 3)
		r := events.Render{
			Meta: events.Meta{ID: "r"}, Wiki: wiki, Start: at(1), Page: events.RenderPage{ID: 2, Title: "P"}, Revision: events.RenderRevision{ID: 1},
			Links: events.Links{
				Page: titles.Draw(rt, "page"), Image: titles.Draw(rt, "image"), Category: titles.Draw(rt, "category"), Existence: titles.Draw(rt, "existence"),
				External: rapid.SliceOfN(text, 0, 3).Draw(rt, "external"), Lang: rapid.SliceOfN(text, 0, 3).Draw(rt, "lang"),
				Template:  []events.TemplateLink{{Namespace: namespace.Draw(rt, "namespace"), Title: text.Draw(rt, "title"), PageID: number.Draw(rt, "page"), RevID: number.Draw(rt, "rev")}},
				Interwiki: []events.InterwikiLink{{Prefix: text.Draw(rt, "prefix"), Title: text.Draw(rt, "title")}},
			},
		}
		if err := renders.SendErr(keyOf(2), r); err != nil {
			rt.Fatal(err)
		}
	})
}

// A redirect that cannot be leads nowhere, and a title that could not be was nobody's; the change is applied.
func TestRedirectsThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*events.PageChange){
		"redirect":    redirectTo("A[B"),
		"prior":       movedFrom("A\x00", 0),
		"prior, long": movedFrom(strings.Repeat("x", 300), 0),
		"left redirect": func(c *events.PageChange) {
			c.PriorPage, c.CreatedRedirect = &events.PriorPage{Title: "B"}, &events.Page{ID: 7, Title: "<"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			b := setup(t, processors.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			c := b.change(events.Move, 1, 1, "P", 1, spoil)
			rows := topologytest.Rows(b.driver, tables.Pages)
			if len(rows) != 1 || rows[0].Value.Name.DBKey != "P" || rows[0].Value.Redirect != nil {
				t.Errorf("rows %+v", rows)
			}
			if !strings.Contains(log.String(), "count=1") {
				t.Errorf("logged %q", log.String())
			}
			if dropped, err := processors.Check(tables.AnyWiki(), &events.Event{Change: &c}); err != nil || len(dropped) != 1 {
				t.Errorf("Check says %+v, %v", dropped, err)
			}
		})
	}
}

// However many links are dropped, there is a line for each fault every ten seconds, and its counts are right.
func TestDroppedLinksAreLoggedNowAndThen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		b := setup(t, processors.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		send := func(n int) {
			for range n {
				b.render(b.n, 2, "P", 2, "", nil, func(r *events.Render) { r.Links.Lang = []string{"Titel"} })
			}
		}
		said := func(want ...int) {
			t.Helper()
			lines := strings.SplitAfter(strings.TrimSpace(log.String()), "\n")
			log.Reset()
			if len(want) == 0 && lines[0] == "" {
				return
			}
			for i, n := range want {
				if len(lines) != len(want) || !strings.Contains(lines[i], fmt.Sprintf(" count=%d ", n)) || !strings.Contains(lines[i], " wiki=testwiki page=2 type=lang sample=Titel") {
					t.Fatalf("logged %q, want counts of %v", lines, want)
				}
			}
		}
		send(5)
		said(1)
		time.Sleep(9 * time.Second)
		synctest.Wait()
		said()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		said(4)
		time.Sleep(time.Minute)
		send(1)
		said(1)
	})
}
