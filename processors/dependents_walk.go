package processors

import (
	"slices"

	"github.com/eddystream/eddy/tables"
)

// root begins the cascade of a change of this very title; page has the title after it. A quiet one asks nobody, but
// links that come late are compared with it.
func (v *visit) root(c tables.Cascade, types tables.LinkTypes, page int64, quiet bool, except []int64) error {
	w := &tables.Walk{ID: rootMessage(c), Types: types, Except: except}
	switch wave := v.row.Wave(c.ID); {
	case wave == nil:
		c = v.number(c, page)
	case types&^wave.Reached(tables.ReachAll) == 0:
		return nil // a repeat
	case wave.Reached(tables.ReachAll) == 0: // by a cycle, and a crash, the cascade has come here from beyond before
		c = wave.Hop.Cascade
	default: // of a page that was found, the change of the title and that of the content are one cascade
		c = wave.Hop.Cascade
		w.ID = messageID(c.ID, w.ID, v.key.String(), int64(types))
	}
	w.Hop = tables.CascadeHop{Cascade: c, Depth: 1}
	if quiet || !v.finds(types) {
		v.leave(w, page)
		return v.alone(w)
	}
	out, want := v.emitter(w), v.pass(w, page)
	out.walks = append(out.walks, w.ID) // nobody else sent it
	if want == 0 {
		out.superseded = true
	}
	return v.walk(out, w, want)
}

// number gives a change of this title its place behind those that came before. What it asks for is at least what these do, and so it takes over
// from them. Where its own time is earlier than theirs, or a rendering that began later has seen what was before, that time is of another
// clock, or of another wiki's history, and tells nothing.
func (v *visit) number(c tables.Cascade, page int64) tables.Cascade {
	v.row.Roots++
	c.Order = v.row.Roots
	latest := int64(0)
	for i := range v.row.Waves {
		if o := v.row.Waves[i].Hop.Cascade; c.SameRoot(o) {
			latest = max(latest, o.Moment())
		}
	}
	if saw := v.row.Latest; saw.Start > c.Moment() && saw.Before(c, page) {
		latest = max(latest, saw.Start)
	}
	if c.Moment() < latest {
		c.AsOf, c.Timeless = latest, true
	}
	return c
}

// alone asks, of a title's users, only for those to whom it is their own: what such a page met there says nothing, and it
// would be asked for if its link came after the change. As a rule there are none; then the cascade has no pages, and
// nobody need hear of it.
func (v *visit) alone(w *tables.Walk) error {
	out := v.emitter(w)
	for _, o := range v.row.Own {
		if o.Start == w.Hop.Cascade.DT && w.Types.Has(o.Type) && !slices.Contains(w.Except, o.Page) {
			if err := out.page(v.key.Wiki, o.Page, o.Type); err != nil {
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

// through lets a cascade that came by a hub go on to the dependents of this title.
func (v *visit) through(w *tables.Walk) error {
	return v.walk(v.emitter(w), w, v.pass(w, 0))
}

// resume goes on with a walk through chunks. What a newer cascade of the same root has taken over is left to it.
func (v *visit) resume(w *tables.Walk) error {
	want, superseded := w.Types, false
	if wave := v.row.Wave(w.Hop.Cascade.ID); wave != nil {
		want &^= wave.Taken
		superseded = want == 0 && v.ofThisTitle(w.Hop.Cascade)
	}
	out := v.emitter(w)
	out.superseded = superseded
	return v.walk(out, w, want)
}

// pass leaves the wave of a walk and returns the types that are left to it: a cascade walks a row once, and what a
// newer change of the same root walks, an older one need not; nor the rest of what it has begun.
func (v *visit) pass(w *tables.Walk, page int64) tables.LinkTypes {
	c := w.Hop.Cascade
	reach, want := w.Came(), v.leave(w, page)
	var taken tables.LinkTypes
	for i := range v.row.Waves {
		o := &v.row.Waves[i]
		switch {
		case !o.Hop.Cascade.SameRoot(c) || o.Hop.Cascade.ID == c.ID:
		case o.Hop.Cascade.After(c):
			taken |= want & o.Reached(reach) // what the newer one has not walked so far it may never come to
		case c.After(o.Hop.Cascade):
			o.Taken |= o.Shorter(reach) & want
		}
	}
	v.row.Wave(c.ID).Taken |= taken
	return want &^ taken
}

// leave leaves the wave of a walk and returns the types that it was not walked for yet.
func (v *visit) leave(w *tables.Walk, page int64) tables.LinkTypes {
	wave := v.row.Wave(w.Hop.Cascade.ID)
	if wave == nil {
		fresh := tables.Wave{Hop: w.Hop, Page: page}
		want := fresh.Walk(w.Types, w.Came())
		v.row.AddWave(v.key, fresh)
		return want
	}
	if w.Came() == tables.ReachAll {
		wave.Hop, wave.Page = w.Hop, page
	}
	return wave.Walk(w.Types, w.Came())
}

func (v *visit) ofThisTitle(c tables.Cascade) bool {
	t, ok := v.key.Title()
	return ok && t == c.RootTitle()
}

// finds reports whether the row may have links of the types, or redirects to carry them on. What is in chunks may.
func (v *visit) finds(types tables.LinkTypes) bool {
	if types&tables.Redirected != 0 {
		types = types.With(tables.LinkRedirect)
	}
	for i := range v.row.Sources {
		s := &v.row.Sources[i]
		if s.Width != 0 {
			return true
		}
		for t := range types.Each() {
			if len(s.Edges.Sets[t]) > 0 {
				return true
			}
		}
	}
	return false
}

// walk takes one step: the links in the row itself, or the next chunks from the cursor on.
func (v *visit) walk(out *emitter, w *tables.Walk, types tables.LinkTypes) error {
	if types != 0 {
		for i := range v.row.Sources {
			s := &v.row.Sources[i]
			if err := v.handOver(s); err != nil {
				return err
			}
			if s.Width == 0 && w.Cursor == 0 {
				if err := out.edges(v.key, &s.Edges, s.Wiki, types); err != nil {
					return err
				}
			}
		}
		if out.reach == tables.ReachAll || v.row.Direct {
			if err := v.walkChunks(out, w, types); err != nil {
				return err
			}
		}
	}
	return out.report()
}

// walkChunks sends the walk to the next chunks, and itself back to the row while there are more. A chunk that comes to
// be before the cursor holds late links only, and those are asked for as they come.
func (v *visit) walkChunks(out *emitter, w *tables.Walk, types tables.LinkTypes) error {
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
				return out.again(v.key, w, types, w.Cursor+int32(v.h.o.WalkChunks))
			}
			left--
			if err := out.chunk(s.ChunkAt(v.key, skip), types); err != nil {
				return err
			}
		}
		skip = 0
	}
	return nil
}
