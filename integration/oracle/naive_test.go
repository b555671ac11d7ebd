package oracle

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// naive is a [System] that is right because it is simple: at rest it asks, for every page, for
// each change since the page's last rendering began of any title that the page reaches. It keeps
// the whole log and nothing else.
type naive struct {
	log      []simwiki.Event
	seen     map[string]bool
	asked    map[string]bool
	requests []tables.Request

	flaw string // what a mutant leaves out
}

func newNaive(flaw string) *naive {
	return &naive{seen: map[string]bool{}, asked: map[string]bool{}, flaw: flaw}
}

func (n *naive) Send(_ context.Context, e simwiki.Event) error {
	if !n.seen[e.ID()] {
		n.seen[e.ID()] = true
		n.log = append(n.log, e)
	}
	return nil
}

func (n *naive) Settle(context.Context) error {
	g := newGraph(n.log, len(n.log))
	reach := map[int64]map[tables.Name]bool{}
	start := map[int64]int64{}
	for id, c := range g.page {
		if c.Kind == events.Delete {
			continue
		}
		if r := g.renders[id]; len(r) > 0 {
			start[id] = r[0].Start.Unix()
			reach[id] = n.reach(g, id)
		}
	}
	for _, e := range n.log {
		c := e.Change
		if c == nil || c.Kind == events.VisibilityChange {
			continue
		}
		if c.Kind != events.Delete && g.page[c.Page.ID].Kind != events.Delete {
			n.ask(c, changedName(c), c.Page.ID, g, tables.LinkSelf)
		}
		if n.cut(c, g) {
			continue
		}
		roots := []tables.Name{changedName(c)}
		if c.Kind == events.Move && n.flaw != "away" {
			roots = append(roots, simwiki.Unprefixed(c.PriorPage.Namespace, c.PriorPage.Title))
		}
		for _, root := range roots {
			for _, id := range slices.Sorted(maps.Keys(reach)) {
				at := c.Time.Unix()
				if n.flaw == "tie" {
					at--
				}
				if reach[id][root] && at >= start[id] {
					n.ask(c, root, id, g, tables.LinkTemplate)
				}
			}
		}
	}
	return nil
}

// cut says whether others cannot see an edit, or nobody can tell yet.
func (n *naive) cut(c *events.PageChange, g *graph) bool {
	if c.Kind != events.Edit || c.Page.Namespace == simwiki.File {
		return false
	}
	hash, model := map[int64]string{}, map[int64]string{c.Revision.ID: c.Revision.Model}
	var before int64
	witnessed := g.page[c.Page.ID].Kind == events.Delete
	for _, e := range n.log {
		switch {
		case e.PageKey().ID != c.Page.ID:
		case e.Render != nil:
			hash[e.Render.Revision.ID] = e.Render.TransclusionSHA1
			witnessed = witnessed || e.Render.Start.After(c.Time) || e.Render.Revision.ID >= c.Revision.ID
		case e.Change.Revision.ID < c.Revision.ID:
			before = max(before, e.Change.Revision.ID)
			model[e.Change.Revision.ID] = e.Change.Revision.Model
		}
	}
	old, known := hash[before]
	now, rendered := hash[c.Revision.ID]
	if known && rendered {
		return old == now && model[before] == c.Revision.Model
	}
	return !witnessed && n.flaw != "eager"
}

// reach is that of the graph, but for what a mutant leaves out.
func (n *naive) reach(g *graph, id int64) map[tables.Name]bool {
	reached := g.reach(id)
	r := g.renders[id][0]
	own := map[tables.Name]bool{}
	for _, l := range r.Links.Template {
		own[tables.Name{Namespace: l.Namespace, DBKey: l.Title}] = true
	}
	switch n.flaw {
	case "hop", "existence":
		for name := range reached {
			if n.flaw == "hop" && name.Namespace == simwiki.Template && !own[name] ||
				n.flaw == "existence" && !own[name] && name.Namespace == simwiki.Article {
				delete(reached, name)
			}
		}
	}
	return reached
}

func (n *naive) ask(c *events.PageChange, root tables.Name, id int64, g *graph, reason tables.LinkType) {
	cascade := tables.NewCascade(tables.ChangeContent, root.In(c.Wiki), c.Meta.ID, c.Time.Unix(), c.Revision.ID)
	key := fmt.Sprint(cascade.ID, id)
	if n.asked[key] {
		return
	}
	n.asked[key] = true
	n.requests = append(n.requests, tables.Request{
		WikiID: c.Wiki, PageID: id, PageTitle: g.page[id].Page.Title, Namespace: g.page[id].Page.Namespace, Reason: reason, Depth: 1,
		Stale:   c.Time.Unix(),
		Cascade: tables.RequestCascade{ID: cascade.ID, Kind: cascade.Kind, DT: cascade.DT, Root: tables.RequestRoot{PageTitle: simwiki.Prefixed(root), Namespace: root.Namespace}},
	})
}

func (n *naive) Requests() []tables.Request { return n.requests }

// Cascades says of each cascade that it ran its course.
func (n *naive) Cascades() []tables.CascadeEvent {
	var out []tables.CascadeEvent
	seen := map[tables.CascadeID]bool{}
	for _, r := range n.requests {
		if !seen[r.Cascade.ID] {
			seen[r.Cascade.ID] = true
			for _, phase := range []tables.Phase{tables.PhaseStarted, tables.PhaseExpanded, tables.PhaseComplete} {
				out = append(out, tables.CascadeEvent{Cascade: r.Cascade, Phase: phase})
			}
		}
	}
	return out
}

func (n *naive) Derived() (*Derived, error) {
	return Batch(tables.AnyWiki(), slices.Values(n.log))
}
