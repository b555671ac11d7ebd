package processors

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/tables/schemas"
)

// What is sent and written for a link is no more than what it is taken to cost.
func TestCostOfALink(t *testing.T) {
	t.Parallel()
	const held = 64 // what an output takes in a batch beside its key and value
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Custom(func(t *rapid.T) string {
			return strings.Repeat("x", rapid.OneOf(rapid.IntRange(1, 20), rapid.IntRange(1, 255)).Draw(t, "length"))
		})
		number := rapid.Int64Range(0, 1<<50)
		page := tables.PageKey{Wiki: strings.Repeat("w", rapid.IntRange(1, 64).Draw(t, "wiki")), ID: rapid.Int64Min(1).Draw(t, "id")}
		l := tables.Link{
			Type: rapid.SampledFrom([]tables.LinkType{tables.LinkTemplate, tables.LinkPage, tables.LinkCategory, tables.LinkExternal}).Draw(t, "type"),
			Text: text.Draw(t, "text"), Page: number.Draw(t, "page"), Rev: number.Draw(t, "rev"),
		}
		if l.Type != tables.LinkExternal {
			l.Namespace = rapid.Int32().Draw(t, "namespace")
		}
		start := rapid.Int64Range(0, 7_000_000_000)
		row := &tables.LinksRow{
			Known: true, Live: true, Used: rapid.Bool().Draw(t, "used"), UsedSince: start.Draw(t, "used since"), Name: tables.Name{Namespace: 1 << 30, DBKey: text.Draw(t, "name")},
			Render: &tables.RenderState{Links: []tables.Link{l}},
		}
		e := edges{page: page}
		sent := func(edge *tables.Edge) int {
			target := l.Target(page.Wiki)
			value, err := tables.TargetUpdates.ValueCodec().Encode(&tables.TargetUpdate{Edge: edge})
			if err != nil {
				t.Fatal(err)
			}
			key := target.String()
			report := len(key) + 3
			return len(key) + len(value) + held + report
		}
		without, err := tables.LinksPartRows.Encode(&tables.LinksPart{})
		if err != nil {
			t.Fatal(err)
		}
		with, err := tables.LinksPartRows.Encode(&tables.LinksPart{Links: []tables.Link{l}})
		if err != nil {
			t.Fatal(err)
		}
		comes := sent(e.edge(row, own(row), l, start.Draw(t, "start"), false)) + len(with) - len(without)
		goes := sent(&tables.Edge{Source: page.Wiki, Page: page.ID, Type: l.Type})
		if most := cost(page.Wiki, &l); max(comes, goes) > most {
			t.Fatalf("a link costs %d bytes when it comes, %d when it goes, and is taken to cost %d at most", comes, goes, most)
		}
	})
}

// Links beyond what a rendering may lead to are left out with their number.
func TestTooManyLinks(t *testing.T) {
	t.Parallel()
	ev := &events.Render{Meta: events.Meta{ID: "r"}, Wiki: "w", Revision: events.RenderRevision{ID: 1}}
	const n = 200_000
	for i := range n {
		ev.Links.Page = append(ev.Links.Page, events.TitleLink{Title: fmt.Sprintf("P%x", i)})
	}
	ev.Links.Template = []events.TemplateLink{{Namespace: 10, Title: "T"}}
	dropped, err := Check(tables.AnyWiki(), &events.Event{Render: ev})
	if err != nil {
		t.Fatal(err)
	}
	if len(dropped) < n/10 || len(dropped) > n/2 {
		t.Errorf("%d of %d links are dropped", len(dropped), n)
	}
	for _, d := range dropped {
		if d.Fault != events.FaultMany || d.Type != "page" {
			t.Fatalf("%+v is dropped", d)
		}
	}
}

// Workers of a release that knows of no parts find all links in the row.
func TestNoPartsForWorkersThatKnowNone(t *testing.T) {
	t.Parallel()
	for release, want := range map[string]int{"v1": math.MaxInt, "v2": 1000} {
		all := schemas.New()
		if err := all.Write(release); err != nil {
			t.Fatal(err)
		}
		rows := codecs.Avro[*tables.LinksRow](all.MustFormat("eddy.LinksRow"))
		if got := linksRoom(Options{LinksBytes: 1000}, rows); got != want {
			t.Errorf("as %s writes, a row has room for %d bytes of links, want %d", release, got, want)
		}
	}
}
