package replay

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology/topologytest"
)

// What stops the pipeline is found before it is sent, and nothing else is.
func TestCheckSaysWhatThePipelineDoes(t *testing.T) {
	t.Parallel()
	sites, err := tables.NewSites([]string{"w"})
	if err != nil {
		t.Fatal(err)
	}
	topo, err := processors.New(processors.Options{Sites: sites})
	if err != nil {
		t.Fatal(err)
	}
	good, bad := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		ev := drawEvent(rt)
		said := check(sites, ev) // which may mend it
		d := topologytest.New(t, topo)
		if ev.Change != nil {
			topologytest.Input(d, tables.PageChanges).Queue(tables.PageKey{Wiki: ev.Change.Wiki, ID: ev.Change.Page.ID}, *ev.Change)
		} else {
			topologytest.Input(d, tables.Renders).Queue(tables.PageKey{Wiki: ev.Render.Wiki, ID: ev.Render.Page.ID}, *ev.Render)
		}
		stopped := d.SettleErr()
		if (said == nil) != (stopped == nil) {
			rt.Fatalf("check says %v, the pipeline %v", said, stopped)
		}
		if said == nil {
			good++
		} else {
			bad++
		}
	})
	if good == 0 || bad == 0 {
		t.Errorf("%d events were good, %d bad", good, bad)
	}
}

func drawEvent(t *rapid.T) *events.Event {
	wiki := rapid.SampledFrom([]string{"w", "w", "w", "w", "w", "w", "x"}).Draw(t, "wiki")
	when := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	meta := events.Meta{ID: "e"}
	namespaces := rapid.SampledFrom([]int32{0, 6, 10, 10, 2000})
	texts := rapid.SampledFrom([]string{
		"Template:A", "Template:a b", "Vorlage:A", "A", "A", "A", "Odd:A", " ", ":", "::", "Template:", "A[", "Template:A[", "A#b", "..", "Template:~~~",
	})
	if rapid.Bool().Draw(t, "render") {
		var links events.Links
		for range rapid.IntRange(0, 2).Draw(t, "templates") {
			links.Template = append(links.Template, events.TemplateLink{Namespace: namespaces.Draw(t, "namespace"), Title: texts.Draw(t, "title")})
		}
		for _, list := range []*[]events.TitleLink{&links.Page, &links.Image, &links.Category, &links.Existence} {
			if rapid.IntRange(0, 3).Draw(t, "more links") == 0 {
				*list = []events.TitleLink{{Namespace: namespaces.Draw(t, "namespace"), Title: texts.Draw(t, "title")}}
			}
		}
		page := events.RenderPage{ID: rapid.Int64Range(1, 3).Draw(t, "page"), Title: texts.Draw(t, "title"), Namespace: namespaces.Draw(t, "namespace")}
		return &events.Event{Render: &events.Render{Meta: meta, Wiki: wiki, Start: when, Page: page, Revision: events.RenderRevision{ID: 1}, Links: links}}
	}
	page := events.Page{ID: rapid.Int64Range(1, 3).Draw(t, "page"), Namespace: namespaces.Draw(t, "namespace"), Title: texts.Draw(t, "title")}
	ev := &events.PageChange{
		Meta: meta, Wiki: wiki, Time: when, Page: page, Revision: events.Revision{ID: 1},
		Kind: rapid.SampledFrom([]events.ChangeKind{events.Create, events.Edit, events.Move, events.Delete, events.Undelete}).Draw(t, "kind"),
	}
	if rapid.IntRange(0, 2).Draw(t, "redirect") == 0 {
		ev.Page.Redirect = rapid.Bool().Draw(t, "is")
		ev.Page.Link = &events.RedirectLink{
			Namespace: namespaces.Draw(t, "namespace"), Title: texts.Draw(t, "title"), Interwiki: rapid.SampledFrom([]string{"", "", "de"}).Draw(t, "interwiki"),
		}
	}
	if rapid.IntRange(0, 2).Draw(t, "prior") == 0 {
		ev.PriorPage = &events.PriorPage{ID: page.ID, Namespace: namespaces.Draw(t, "namespace"), Title: texts.Draw(t, "title")}
	}
	if rapid.IntRange(0, 2).Draw(t, "left") == 0 {
		ev.CreatedRedirect = &events.Page{ID: 9, Namespace: namespaces.Draw(t, "namespace"), Title: texts.Draw(t, "title")}
	}
	return &events.Event{Change: ev}
}
