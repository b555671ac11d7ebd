package oracle

import (
	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// graph is who uses what, by a log of a simulated wiki: the links of renderings, and who has
// which title. It takes titles as the wiki spells them.
type graph struct {
	renders map[int64][]*events.Render // that count for a page
	holder  map[tables.Name]int64
	page    map[int64]*events.PageChange // last change of each page
}

// newGraph reads a log. Of each page the last rendering before the log's position from counts,
// and all that come from there on.
func newGraph(log []simwiki.Event, from int) *graph {
	g := &graph{renders: map[int64][]*events.Render{}, holder: map[tables.Name]int64{}, page: map[int64]*events.PageChange{}}
	seen := map[string]bool{}
	for i, e := range log {
		if seen[e.ID()] {
			continue
		}
		seen[e.ID()] = true
		if e.Change != nil {
			g.page[e.Change.Page.ID] = e.Change
			continue
		}
		r, had := e.Render, g.renders[e.Render.Page.ID]
		if n := len(had); i >= from && n > 0 {
			g.renders[r.Page.ID] = append(had, r)
		} else if n == 0 || !r.Start.Before(had[n-1].Start) {
			g.renders[r.Page.ID] = []*events.Render{r}
		}
	}
	for id, c := range g.page {
		n := changedName(c)
		if c.Kind == events.Delete {
			continue
		}
		if other, ok := g.holder[n]; !ok || later(c, g.page[other]) {
			g.holder[n] = id
		}
	}
	return g
}

func changedName(c *events.PageChange) tables.Name {
	return simwiki.Unprefixed(c.Page.Namespace, c.Page.Title)
}

// later says which of two claims holds the title.
func later(a, b *events.PageChange) bool {
	if !a.Time.Equal(b.Time) {
		return a.Time.After(b.Time)
	}
	if a.Revision.ID != b.Revision.ID {
		return a.Revision.ID > b.Revision.ID
	}
	return a.Page.ID > b.Page.ID
}

// reach returns every title that a page's renderings used: by their own links, through the templates they name where lists
// are direct, and through the redirects that MediaWiki follows: two from a template, one from file to file. Complete lists
// have what is behind a redirect.
func (g *graph) reach(page int64) map[tables.Name]bool {
	reached, walked := map[tables.Name]bool{}, map[int64]bool{}
	var walk func(page int64, own bool)
	use := func(n tables.Name, redirects int, file, carries bool) {
		for reached[n] = true; ; redirects-- {
			id, ok := g.holder[n]
			if !ok {
				return
			}
			if carries {
				walk(id, false)
			}
			link := g.page[id].Page.Link
			if link == nil || redirects == 0 {
				return
			}
			n = simwiki.Unprefixed(link.Namespace, link.Title)
			if file && n.Namespace != simwiki.File {
				return
			}
			reached[n] = true
		}
	}
	walk = func(page int64, own bool) {
		if walked[page] && !own {
			return
		}
		walked[page] = true
		for _, r := range g.renders[page] {
			templates, files := 0, 0
			if r.Closure == events.Direct {
				templates, files = 2, 1
			}
			for _, l := range r.Links.Template {
				if own || l.Scope == events.Included {
					use(tables.Name{Namespace: l.Namespace, DBKey: l.Title}, templates, false, r.Closure == events.Direct)
				}
			}
			for _, l := range r.Links.Image {
				use(tables.Name{Namespace: l.Namespace, DBKey: l.Title}, files, true, false)
			}
			for _, list := range [][]events.TitleLink{r.Links.Page, r.Links.Existence, r.Links.Category} {
				for _, l := range list {
					use(tables.Name{Namespace: l.Namespace, DBKey: l.Title}, 0, false, false)
				}
			}
		}
	}
	walk(page, true)
	return reached
}
