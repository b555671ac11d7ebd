package simwiki

import (
	"iter"
	"strconv"
	"time"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// editedRevision is added to a template's id to make the revision of its edit.
const editedRevision = 100_000_000

// Events yields the wiki's coming into being: every page's create event in order of ids, then a
// direct render event of each, in another order.
func (g *Generated) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		n := int64(0)
		for id := int64(1); id <= g.total; id++ {
			if !yield(Event{Change: g.change(events.Create, id, id, g.at(n))}) {
				return
			}
			n++
		}
		for k := range g.total {
			id := 1 + (k*g.step[1]+g.total/3)%g.total
			if !yield(Event{Render: g.render(id, id, g.at(n))}) {
				return
			}
			n++
		}
	}
}

// EditEvents yields, for each edit, its page change and the render event of the edited page.
func (g *Generated) EditEvents() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		n := 2*g.total + int64(g.shape.PerSecond)
		for _, e := range g.edits {
			at := g.at(n)
			if !yield(Event{Change: g.change(events.Edit, e.PageID, e.RevID, at)}) ||
				!yield(Event{Render: g.render(e.PageID, e.RevID, at)}) {
				return
			}
			n += 2
		}
	}
}

func (g *Generated) at(n int64) time.Time {
	return g.shape.Start.Add(time.Duration(n/int64(g.shape.PerSecond)) * time.Second)
}

// name returns a page's title.
func (g *Generated) name(id int64) tables.Name {
	if t, ok := g.byID[id]; ok {
		return g.templates[t].name
	}
	return tables.Name{Namespace: Article, DBKey: spell(g.shape.Seed, uint64(id))}
}

func (g *Generated) change(kind events.ChangeKind, id, rev int64, at time.Time) *events.PageChange {
	name, sha1 := g.name(id), digest("text", strconv.FormatInt(rev, 36))
	return &events.PageChange{
		Meta: events.Meta{ID: digest("change", kind.String(), strconv.FormatInt(rev, 36)), Domain: "bench.example.org"},
		Wiki: g.shape.Wiki, Time: at, Kind: kind,
		Page:     events.Page{ID: id, Namespace: name.Namespace, Title: Prefixed(name)},
		Revision: events.Revision{ID: rev, Time: at, SHA1: sha1, ContentSHA1: sha1},
	}
}

func (g *Generated) render(id, rev int64, at time.Time) *events.Render {
	name, text := g.name(id), strconv.FormatInt(rev, 36)
	r := &events.Render{
		Meta: events.Meta{ID: digest("render", text), Domain: "bench.example.org"},
		Wiki: g.shape.Wiki, Start: at,
		Page:     events.RenderPage{ID: id, Title: Prefixed(name), Namespace: name.Namespace},
		Revision: events.RenderRevision{ID: rev}, Closure: events.Direct,
		OutputSHA1: digest("output", text), ContentSHA1: digest("text", text), TransclusionSHA1: digest("transcluded", text),
	}
	if t, ok := g.byID[id]; ok {
		for _, u := range g.templates[t].uses {
			r.Links.Template = append(r.Links.Template, g.linkTo(u, events.Included))
		}
		if g.templates[t].documented {
			r.Links.Template = append(r.Links.Template, g.linkTo(len(g.templates)-1, events.PageOnly))
		}
		return r
	}
	used, draw := g.templatesOf(id)
	for _, u := range used {
		r.Links.Template = append(r.Links.Template, g.linkTo(u, events.Included))
	}
	for _, target := range g.linked(draw, 10) {
		r.Links.Page = append(r.Links.Page, events.TitleLink{Namespace: Article, Title: g.name(target).DBKey, PageID: target})
	}
	for _, k := range g.category.distinct(draw, 2) {
		r.Links.Category = append(r.Links.Category, events.TitleLink{Namespace: Category, Title: spell(g.shape.Seed+2, uint64(k))})
	}
	file := spell(g.shape.Seed+3, uint64(draw.IntN(g.files))) + ".jpg"
	r.Links.Image = []events.TitleLink{{Namespace: File, Title: file}}
	return r
}

// linkTo returns the link to a template, in the revision that it was created with.
func (g *Generated) linkTo(i int, scope events.Scope) events.TemplateLink {
	t := g.templates[i]
	return events.TemplateLink{Namespace: Template, Title: t.name.DBKey, PageID: t.id, RevID: t.id, Scope: scope}
}
