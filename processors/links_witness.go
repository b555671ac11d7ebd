package processors

import (
	"slices"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// changed takes in a change of the page's content: it waits for a rendering of its revision, unless that has been seen.
func (h *links) changed(r *topology.Record[tables.PageKey, *tables.Life], row *tables.LinksRow, l *tables.Life) error {
	if !l.Live || l.Kind == tables.ChangeVisibility {
		return nil
	}
	p := tables.PendingChange{Event: l.Event, Kind: l.Kind, DT: l.DT, Rev: l.Rev, Name: l.Name, Prefix: l.Prefix, Starts: !l.Titled}
	same := l.SHA1 != "" && l.SHA1 == row.SHA1
	row.SHA1 = l.SHA1
	if h.startOn == StartOnChange {
		if !p.Starts {
			return nil
		}
		return h.start(r, r.Key, row, p, same)
	}
	row.Pending = append(row.Pending, p)
	if over := len(row.Pending) - tables.PendingChanges; over > 0 {
		row.Pending = slices.Delete(row.Pending, 0, over)
	}
	if !row.Active() {
		return nil
	}
	return h.witness(r, r.Key, row)
}

// witness lets the last rendering witness the changes up to its revision. Of several, the newest starts: it supersedes
// the ones before it. It is cut only where it is the one change since the hash was announced: of several, somebody may
// have used a text in between.
func (h *links) witness(r topology.Scope, page tables.PageKey, row *tables.LinksRow) error {
	n := len(row.Pending)
	for n > 0 && row.Pending[n-1].Rev != row.Render.Rev {
		n--
	}
	if n == 0 {
		return nil
	}
	witnessed := row.Pending[:n]
	cut := n == 1 && row.Announced != "" && row.Announced == row.Render.Hash
	newest := tables.PendingChange{}
	for _, p := range witnessed {
		if p.Starts {
			newest = p
		}
	}
	row.Pending = slices.Clone(row.Pending[n:])
	row.Announced = row.Render.Hash
	if !newest.Starts {
		return nil
	}
	return h.start(r, page, row, newest, cut)
}

// start sends a content change to the page's title. A cut one is felt by nobody, but for the users of a file.
func (h *links) start(r topology.Scope, page tables.PageKey, row *tables.LinksRow, p tables.PendingChange, cut bool) error {
	var types tables.LinkTypes
	if p.Kind == tables.ChangeFile {
		types = types.With(tables.LinkImage)
	}
	if !cut {
		types = types.With(tables.LinkTemplate)
		row.StartedDT = p.DT
	}
	if types == 0 {
		return nil
	}
	root := p.Name.In(page.Wiki)
	c := tables.NewCascade(p.Kind, root, p.Event, p.DT, p.Rev)
	c.Prefix = p.Prefix
	return h.targets.Emit(r, tables.TitleTarget(root), &tables.TargetUpdate{
		Change: &tables.ContentChange{Cascade: c, Page: page.ID, Types: types},
	})
}
