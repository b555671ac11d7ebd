package processors

import (
	"slices"

	"github.com/eddystream/eddy/tables"
)

// start begins the cascade of a change of this very title; page has the title after it. A quiet one asks nobody, but
// links that come late are compared with it.
func (v *view) start(c tables.Cascade, types tables.LinkTypes, page int64, quiet bool, except []int64) error {
	w := &tables.Walk{ID: rootMessage(c), Types: types, Except: except}
	switch visit := v.row.Visit(c.ID); {
	case visit == nil:
		c = v.setOrder(c, page)
	case types&^visit.Reached(tables.ReachAll) == 0:
		return nil // a repeat
	case visit.Reached(tables.ReachAll) == 0: // by a cycle, and a crash, the cascade has come here from beyond before
		c = visit.Hop.Cascade
	default: // of a page that was found, the change of the title and that of the content are one cascade
		c = visit.Hop.Cascade
		w.ID = messageID(c.ID, w.ID, v.key.String(), int64(types))
	}
	w.Hop = tables.CascadeHop{Cascade: c, Depth: 1}
	if quiet || !v.mayHaveUsers(types) {
		v.visit(w, page)
		return v.askOwnLinks(w)
	}
	out, want := v.emitter(w), v.claim(w, page)
	out.walks = append(out.walks, w.ID) // nobody else sent it
	if want == 0 {
		out.superseded = true
	}
	return v.expand(out, w, want)
}

// setOrder gives a change of this title its place behind those that came before. What it asks for is at least what these do, and so it takes over
// from them. Where its own time is earlier than theirs, or a rendering that began later has seen what was before, that time is of another
// clock, or of another wiki's history, and tells nothing.
func (v *view) setOrder(c tables.Cascade, page int64) tables.Cascade {
	v.row.Roots++
	c.Order = v.row.Roots
	latest := int64(0)
	for i := range v.row.Visits {
		if o := v.row.Visits[i].Hop.Cascade; c.SameRoot(o) {
			latest = max(latest, o.Moment())
			if rev := max(o.Rev, o.Latest); o.Page > 0 && o.Page == c.Page && rev > max(c.Rev, c.Latest) {
				c.Latest = rev
			}
		}
	}
	if saw := v.row.Latest; saw.Start > c.Moment() && saw.Before(c, page) {
		latest = max(latest, saw.Start)
	}
	if c.Latest != 0 && !c.Kind.Revises() {
		c.Page, c.Latest = 0, 0 // such a change may as well have brought an earlier one back
	}
	if c.Moment() < latest {
		c.AsOf, c.Timeless = latest, true
	}
	return c
}

// askOwnLinks asks, of a title's users, only for those to whom it is their own: what such a page met there says nothing, and it
// would be asked for if its link came after the change. As a rule there are none; then the cascade has no pages, and
// nobody need hear of it.
func (v *view) askOwnLinks(w *tables.Walk) error {
	out := v.emitter(w)
	for _, o := range v.row.Own {
		if near(o.Start, w.Hop.Cascade.DT, v.h.o.skew()) && w.Types.Has(o.Type) && !slices.Contains(w.Except, o.Page) {
			if err := out.askPage(v.key.Wiki, o.Page, o.Type); err != nil {
				return err
			}
		}
	}
	if len(out.asks) == 0 {
		return nil
	}
	out.walks = append(out.walks, w.ID)
	return out.report()
}

// arrive lets a cascade that came by a hub go on to the dependents of this title.
func (v *view) arrive(w *tables.Walk) error {
	return v.expand(v.emitter(w), w, v.claim(w, 0))
}

// resume goes on with a walk through chunks. What a newer cascade of the same root has taken over is left to it.
func (v *view) resume(w *tables.Walk) error {
	want, superseded := w.Types, false
	if visit := v.row.Visit(w.Hop.Cascade.ID); visit != nil {
		want &^= visit.Taken
		superseded = want == 0 && v.ofThisTitle(w.Hop.Cascade)
	}
	out := v.emitter(w)
	out.superseded = superseded
	return v.expand(out, w, want)
}

// claim marks the row as visited by a walk and returns the types that are left to it: a cascade walks a row once, and what a
// newer change of the same root walks, an older one need not; nor the rest of what it has begun.
func (v *view) claim(w *tables.Walk, page int64) tables.LinkTypes {
	c := w.Hop.Cascade
	reach, want := w.Came(), v.visit(w, page)
	var taken tables.LinkTypes
	for i := range v.row.Visits {
		o := &v.row.Visits[i]
		switch {
		case !o.Hop.Cascade.SameRoot(c) || o.Hop.Cascade.ID == c.ID:
		case o.Hop.Cascade.After(c):
			taken |= want & o.Reached(reach) // what the newer one has not walked so far it may never come to
		case c.After(o.Hop.Cascade):
			o.Taken |= o.Shorter(reach) & want
		}
	}
	v.row.Visit(c.ID).Taken |= taken
	return want &^ taken
}

// visit marks the row as visited by a walk and returns the types that it was not walked for yet.
func (v *view) visit(w *tables.Walk, page int64) tables.LinkTypes {
	visit := v.row.Visit(w.Hop.Cascade.ID)
	if visit == nil {
		fresh := tables.Visit{Hop: w.Hop, Page: page}
		want := fresh.Walk(w.Types, w.Came())
		v.row.AddVisit(v.key, fresh)
		return want
	}
	if w.Came() == tables.ReachAll {
		visit.Hop, visit.Page = w.Hop, page
	}
	return visit.Walk(w.Types, w.Came())
}

func (v *view) ofThisTitle(c tables.Cascade) bool {
	t, ok := v.key.Title()
	return ok && t == c.RootTitle()
}

// mayHaveUsers reports whether the row may have links of the types, or redirects to carry them on. What is in chunks may.
func (v *view) mayHaveUsers(types tables.LinkTypes) bool {
	if types&tables.Redirected != 0 {
		types = types.With(tables.LinkRedirect)
	}
	for i := range v.row.Sources {
		s := &v.row.Sources[i]
		if s.Width != 0 {
			return true
		}
		for t := range types.Each() {
			if len(s.Edges.Users(t)) > 0 {
				return true
			}
		}
	}
	return false
}

// expand takes one step: the links in the row itself, or the next chunks from the cursor on.
func (v *view) expand(out *emitter, w *tables.Walk, types tables.LinkTypes) error {
	if types != 0 {
		for i := range v.row.Sources {
			s := &v.row.Sources[i]
			if err := v.flush(s); err != nil {
				return err
			}
			if s.Width == 0 && w.Cursor == 0 {
				if err := out.askUsers(v.key, &s.Edges, s.Wiki, types); err != nil {
					return err
				}
			}
		}
		if out.reach == tables.ReachAll || v.row.Direct {
			if err := v.expandChunks(out, w, types); err != nil {
				return err
			}
		}
	}
	return out.report()
}

// expandChunks sends the walk to the next chunks, and itself back to the row while there are more. A chunk that comes to
// be before the cursor holds late links only, and those are asked for as they come.
func (v *view) expandChunks(out *emitter, w *tables.Walk, types tables.LinkTypes) error {
	skip, left := int(w.Cursor), v.h.o.WalkChunks
	for i := range v.row.Sources {
		s := &v.row.Sources[i]
		n := s.NumChunks()
		if skip >= n {
			skip -= n
			continue
		}
		for ; skip < n; skip++ {
			if left == 0 {
				return out.walkOn(v.key, w, types, w.Cursor+int32(v.h.o.WalkChunks))
			}
			left--
			if err := out.walkChunk(s.ChunkAt(v.key, skip), types); err != nil {
				return err
			}
		}
		skip = 0
	}
	return nil
}
