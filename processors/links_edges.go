package processors

import (
	"slices"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// edges sends the links of one page to their targets.
type edges struct {
	h    *links
	r    topology.Scope
	page tables.PageKey
}

// ownLinks are the links that a page has at one moment, sorted: those of its last rendering, if that counts, and where
// it redirects to.
type ownLinks struct {
	list   []tables.Link
	direct bool // the templates are those of the page's own text
	says   bool // links name the pages that they met: that one names none means that there was none
}

func own(row *tables.LinksRow) ownLinks {
	var o ownLinks
	if row.Active() {
		o.list, o.direct = row.Render.Links, row.Render.Direct
		o.says = slices.ContainsFunc(o.list, func(l tables.Link) bool { return l.Page != 0 })
	}
	if row.Redirect != nil {
		redirect := tables.Link{
			Type: tables.LinkRedirect, Namespace: row.Redirect.Namespace, Text: row.Redirect.DBKey, Rev: row.RedirectRev,
		}
		i, _ := slices.BinarySearchFunc(o.list, redirect, tables.Link.Compare)
		o.list = slices.Insert(slices.Clone(o.list), i, redirect)
	}
	return o
}

// carries reports whether changes of the link's target go on to those who use the page itself.
func (o ownLinks) carries(l tables.Link) bool {
	switch l.Type {
	case tables.LinkRedirect:
		return true
	case tables.LinkTemplate:
		return !l.PageOnly // of whoever lists no more than that the page is used
	}
	return false
}

// diff sends the links that came and went, and reports them in link-changes. at is the start of the rendering, or the
// dt of the change, that made the difference.
func (e edges) diff(row *tables.LinksRow, was ownLinks, at int64, ofRender bool) error {
	is := own(row)
	before, after := was.list, is.list
	report := linkReport{wiki: e.page.Wiki}
	for len(before) > 0 || len(after) > 0 {
		switch c := compareHeads(before, after); {
		case c < 0:
			if err := e.remove(before[0]); err != nil {
				return err
			}
			report.remove(before[0])
			before = before[1:]
		case c > 0:
			send := e.add
			if !ofRender && after[0].Type != tables.LinkRedirect {
				send = e.revive
			}
			if err := send(row, is, after[0], at, false); err != nil {
				return err
			}
			report.add(after[0])
			after = after[1:]
		default:
			// The same link is news where the title means another page than when it was found; to the page's own title
			// also where that may be so.
			news := before[0].Page != after[0].Page || row.Recheck && ofRender && self(row, after[0])
			counts := is.direct != was.direct && tables.Redirected.Has(after[0].Type)
			if news || counts || is.carries(after[0]) != was.carries(before[0]) {
				if err := e.add(row, is, after[0], foundAt(row, after[0], at), !news); err != nil {
					return err
				}
			}
			before, after = before[1:], after[1:]
		}
	}
	rev := row.Rev
	if row.Active() {
		rev = row.Render.Rev
	}
	return report.emit(e, at, rev)
}

// foundAt is when a link was found: by the change that set the redirect, or else by the last rendering, even where it is
// a change that makes its links count.
func foundAt(row *tables.LinksRow, l tables.Link, at int64) int64 {
	if l.Type == tables.LinkRedirect {
		return at
	}
	return row.Render.Start
}

// resend sends again, by the page's name, every link through which changes go on.
func (e edges) resend(row *tables.LinksRow, start int64) error {
	o := own(row)
	for _, l := range o.list {
		if !o.carries(l) || !row.Used && l.Type != tables.LinkRedirect {
			continue
		}
		if err := e.add(row, o, l, start, true); err != nil {
			return err
		}
	}
	return nil
}

// recheck sends the links to the page's own title once more: it means something else now.
func (e edges) recheck(row *tables.LinksRow) error {
	o := own(row)
	for _, l := range o.list {
		if !self(row, l) {
			continue
		}
		if err := e.add(row, o, l, row.Render.Start, false); err != nil {
			return err
		}
	}
	return nil
}

// takeBack removes the links of a rendering that does not count, as far as the page does not have them: the same
// rendering may have counted in a run before a crash, when the page's other streams had come less far.
func (e edges) takeBack(row *tables.LinksRow, state *tables.RenderState) error {
	has := own(row).list
	for _, l := range state.Links {
		if _, found := slices.BinarySearchFunc(has, l, tables.Link.Compare); !found {
			if err := e.remove(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// add sends a link that began to be at the start given; again: it has been sent before, and only what goes on through
// it is news.
func (e edges) add(row *tables.LinksRow, o ownLinks, l tables.Link, start int64, again bool) error {
	edge := e.edge(row, o, l, start, again)
	return e.send(l, edge)
}

// revive sends a link of a rendering that was here before the life in which it began. A walk may have passed while the
// link was not there, whatever the rendering met, so it is compared as if it had met nothing known, at the life's start.
func (e edges) revive(row *tables.LinksRow, o ownLinks, l tables.Link, start int64, again bool) error {
	edge := e.edge(row, o, l, start, again)
	edge.Saw, edge.SawPage, edge.SawRev = tables.SawUnknown, 0, 0
	return e.send(l, edge)
}

func (e edges) edge(row *tables.LinksRow, o ownLinks, l tables.Link, start int64, again bool) *tables.Edge {
	edge := &tables.Edge{
		Source: e.page.Wiki, Page: e.page.ID, Type: l.Type, Present: true, Start: start,
		SawPage: l.Page, SawRev: l.Rev, Self: self(row, l), Again: again,
		Direct: l.Type == tables.LinkRedirect || o.direct,
	}
	switch {
	case l.Page != 0:
		edge.Saw = tables.SawPage
	case l.Type == tables.LinkTemplate || l.Type == tables.LinkPage || l.Type == tables.LinkExistence:
		if !o.says {
			edge.SawRev = tables.NoneNamed
		}
		edge.Saw = tables.SawNothing
	}
	// A redirect always goes by name; other pages only once somebody depends on what they include.
	if o.carries(l) && row.Name != (tables.Name{}) && (row.Used || l.Type == tables.LinkRedirect) {
		edge.Hub = &tables.HubEdge{Name: row.Name, Start: e.hubStart(row, start)}
	}
	return edge
}

// self reports whether a link leads to the page's own title, or to the one that it left last.
func self(row *tables.LinksRow, l tables.Link) bool {
	switch l.Type {
	case tables.LinkTemplate, tables.LinkImage, tables.LinkPage, tables.LinkExistence:
		name := tables.Name{Namespace: l.Namespace, DBKey: l.Text}
		return row.Known && (name == row.Name || row.Left != nil && name == *row.Left)
	}
	return false
}

// hubStart is since when somebody may have shown the target of a link through the page: as early as its earliest user
// began, but not before the last change of the page, which made all of them render again.
func (e edges) hubStart(row *tables.LinksRow, start int64) int64 {
	if row.Used {
		start = min(start, row.UsedSince)
	}
	return max(start, row.StartedDT)
}

func (e edges) remove(l tables.Link) error {
	return e.send(l, &tables.Edge{Source: e.page.Wiki, Page: e.page.ID, Type: l.Type})
}

func (e edges) send(l tables.Link, edge *tables.Edge) error {
	return e.h.targets.Emit(e.r, l.Target(e.page.Wiki), &tables.TargetUpdate{Edge: edge})
}

// compareHeads compares the first links of two lists; an empty list comes last.
func compareHeads(a, b []tables.Link) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	}
	return a[0].Compare(b[0])
}
