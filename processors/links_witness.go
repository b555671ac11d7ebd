package processors

import (
	"context"
	"fmt"
	"slices"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// changed takes in a change of the page's content: it waits for a rendering of its revision, unless that has been seen.
func (h *links) changed(r *topology.Record[tables.PageKey, *tables.Life], row *tables.LinksRow, l *tables.Life) error {
	if !l.Live || l.Kind == tables.ChangeVisibility {
		return nil
	}
	p := tables.PendingChange{
		Event: l.Event, Kind: l.Kind, DT: l.DT, Rev: l.Rev, Name: l.Name, Prefix: l.Prefix, Starts: !l.Titled,
		Reformed: l.Form != row.Form, AsOf: l.AsOf, Timeless: l.Timeless,
	}
	same := l.SHA1 != "" && l.SHA1 == row.SHA1 && !p.Reformed
	row.SHA1, row.Form = l.SHA1, l.Form
	if h.o.StartOn == StartOnChange {
		if !p.Starts {
			return nil
		}
		return h.announce(r, r.Key, judge(r.Key.Wiki, row, p, same))
	}
	if p.Starts && p.Rev == row.AnnouncedRev {
		return nil // a rendering of it was here before, and has told of it
	}
	row.Pending = append(row.Pending, p)
	if over := len(row.Pending) - tables.PendingChanges; over > 0 {
		row.Pending = slices.Delete(row.Pending, 0, over)
	}
	if !row.Active() {
		return nil
	}
	if err := h.wait(r, r.Key, row); err != nil {
		return err
	}
	return h.announce(r, r.Key, witness(r.Key.Wiki, row, h.o.WitnessAfter < 0))
}

// unheard reports whether the last rendering is of a revision that no change has named: the change is still to come, or was lost.
func unheard(row *tables.LinksRow) bool { return row.Render.Rev > row.MaxRev }

// alone reports whether the last rendering tells, of a page whose changes are heard of, that there was one which others may see and none is told of.
func (h *links) alone(row *tables.LinksRow) bool {
	return len(row.Pending) == 0 && row.Version > 0 && h.o.StartOn == StartOnRender && row.AnnouncedRev != row.Render.Rev &&
		(row.Announced == "" || row.Announced != row.Render.Hash || row.Name.Namespace == tables.NamespaceFile)
}

// wait has a rendering of a revision whose change does not come be the witness of it, and of those before it, after a while.
func (h *links) wait(r topology.Scope, page tables.PageKey, row *tables.LinksRow) error {
	if h.o.WitnessAfter < 0 || !unheard(row) || len(row.Pending) == 0 && !h.alone(row) {
		return nil
	}
	if _, waits, err := h.overdue.Get(r, page); err != nil || waits {
		return err
	}
	return h.overdue.Set(r, page, h.o.Now().Add(h.o.WitnessAfter))
}

// lost takes the change to the revision that was rendered last for lost.
func (h *links) lost(_ context.Context, t *topology.Timer[tables.PageKey]) error {
	row, k, err := h.row(t, t.Key)
	if err != nil || !row.Active() || !unheard(row) {
		return err
	}
	change := witness(t.Key.Wiki, row, true)
	if change == nil && h.alone(row) {
		change = found(t.Key, row)
	}
	if err := h.announce(t, t.Key, change); err != nil {
		return err
	}
	return h.save(t, t.Key, row, k)
}

// found is the change to the revision that was rendered last, of which nothing else tells. Should its event come, it tells nothing more.
func found(page tables.PageKey, row *tables.LinksRow) *tables.ContentChange {
	p := tables.PendingChange{
		Event: fmt.Sprintf("%s revision %d", page, row.Render.Rev), Kind: tables.ChangeContent, DT: row.Render.Start, Rev: row.Render.Rev, Name: row.Name,
	}
	if row.Name.Namespace == tables.NamespaceFile {
		p.Kind = tables.ChangeFile
	}
	cut := row.Announced != "" && row.Announced == row.Render.Hash
	row.Announced, row.AnnouncedRev = row.Render.Hash, row.Render.Rev
	return judge(page.Wiki, row, p, cut)
}

// witness lets the last rendering witness the changes up to its revision, and returns what others feel of them; nil:
// nothing. If the change to the revision that was rendered is lost, it is a witness of all those before it. Of several, the newest starts:
// it supersedes the ones before it. It is cut only where it is the one change since the hash was announced, and of the text alone: of several,
// somebody may have used a text in between.
func witness(wiki string, row *tables.LinksRow, lost bool) *tables.ContentChange {
	n := len(row.Pending)
	for n > 0 && row.Pending[n-1].Rev != row.Render.Rev && !(lost && unheard(row)) {
		n--
	}
	if n == 0 {
		return nil
	}
	witnessed := row.Pending[:n]
	cut := n == 1 && witnessed[0].Rev == row.Render.Rev && !witnessed[0].Reformed && row.Announced != "" && row.Announced == row.Render.Hash
	newest := tables.PendingChange{}
	for _, p := range witnessed {
		if p.Starts {
			newest = p
		}
	}
	row.Pending = slices.Clone(row.Pending[n:])
	row.Announced, row.AnnouncedRev = row.Render.Hash, 0
	later := row.Render.Rev != witnessed[n-1].Rev
	if !newest.Starts {
		if later {
			row.Announced = "" // nobody was told of the revision that was rendered
		}
		return nil
	}
	change := judge(wiki, row, newest, cut)
	if later && change != nil {
		row.AnnouncedRev = row.Render.Rev // with it, its own change is told
		change.Cascade.Rev, change.Cascade.AsOf = row.Render.Rev, max(change.Cascade.AsOf, row.Render.Start)
	}
	return change
}

// judge returns what others feel of a content change; nil: nothing. A cut one is felt by the users of a file only.
func judge(wiki string, row *tables.LinksRow, p tables.PendingChange, cut bool) *tables.ContentChange {
	types := tables.ContentTypes(p.Kind, cut)
	if !cut {
		row.StartedDT = p.DT
	}
	if types == 0 {
		return nil
	}
	c := tables.NewCascade(p.Kind, p.Name.In(wiki), p.Event, p.DT, p.Rev)
	c.Prefix, c.AsOf, c.Timeless = p.Prefix, p.AsOf, p.Timeless
	return &tables.ContentChange{Cascade: c, Types: types}
}

// announce tells the title of a content change. It comes after the links that the same rendering found, so that the
// walk meets them.
func (h *links) announce(r topology.Scope, page tables.PageKey, c *tables.ContentChange) error {
	if c == nil {
		return nil
	}
	c.Page = page.ID
	return h.targets.Emit(r, tables.TitleTarget(c.Cascade.RootTitle()), &tables.TargetUpdate{Change: c})
}
