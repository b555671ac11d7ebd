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
	p := tables.PendingChange{
		Event: l.Event, Kind: l.Kind, DT: l.DT, Rev: l.Rev, Name: l.Name, Prefix: l.Prefix, Starts: !l.Titled,
		Reformed: l.Form != row.Form, AsOf: l.AsOf, Timeless: l.Timeless,
	}
	same := l.SHA1 != "" && l.SHA1 == row.SHA1 && !p.Reformed
	row.SHA1, row.Form = l.SHA1, l.Form
	if h.startOn == StartOnChange {
		if !p.Starts {
			return nil
		}
		return h.announce(r, r.Key, judge(r.Key.Wiki, row, p, same))
	}
	if p.Starts && p.Rev <= row.AnnouncedRev {
		return nil // a rendering of it was here before, and has told of it
	}
	row.Pending = append(row.Pending, p)
	if over := len(row.Pending) - tables.PendingChanges; over > 0 {
		row.Pending = slices.Delete(row.Pending, 0, over)
	}
	if !row.Active() {
		return nil
	}
	return h.announce(r, r.Key, witness(r.Key.Wiki, row))
}

// witness lets the last rendering witness the changes up to its revision, and returns what others feel of them; nil:
// nothing. A rendering of a later revision, whose own change may have been lost, is a witness of those before it. Of several, the newest starts:
// it supersedes the ones before it. It is cut only where it is the one change since the hash was announced, and of the text alone: of several,
// somebody may have used a text in between.
func witness(wiki string, row *tables.LinksRow) *tables.ContentChange {
	n := len(row.Pending)
	unheard := row.Render.Rev > row.MaxRev // so the change to it is still to come, or lost
	for n > 0 && row.Pending[n-1].Rev != row.Render.Rev && !unheard {
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
	row.Announced, row.AnnouncedRev = row.Render.Hash, row.Render.Rev
	if !newest.Starts {
		if row.Render.Rev > witnessed[n-1].Rev {
			row.Announced, row.AnnouncedRev = "", 0 // nobody was told of the revision that was rendered
		}
		return nil
	}
	change := judge(wiki, row, newest, cut)
	if change != nil && row.Render.Rev > newest.Rev {
		change.Cascade.Rev, change.Cascade.AsOf = row.Render.Rev, max(change.Cascade.AsOf, row.Render.Start)
	}
	return change
}

// judge returns what others feel of a content change; nil: nothing. A cut one is felt by the users of a file only.
func judge(wiki string, row *tables.LinksRow, p tables.PendingChange, cut bool) *tables.ContentChange {
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
