package processors

import (
	"cmp"
	"slices"

	"github.com/eddystream/eddy/tables"
)

// checkLate compares a link that was set with the visits that are marked. Whoever shows a state from before one of them is
// asked for by the latest such cascade, at once: the walk itself will not come back. What is not older than a visit by its time is not older than those
// of earlier moments.
func (v *view) checkLate(e *tables.Edge) error {
	visits := slices.SortedStableFunc(slices.Values(v.row.Visits), func(a, b tables.Visit) int {
		x, y := b.Hop.Cascade, a.Hop.Cascade
		return cmp.Or(cmp.Compare(x.Moment(), y.Moment()), cmp.Compare(x.DT, y.DT), cmp.Compare(x.Rev, y.Rev))
	})
	for i := range visits {
		w := &visits[i]
		page := !e.Again && asksFor(e, w) && v.linkIsStale(e, *w)
		onward := v.staleHubs(e, w)
		if !page && len(onward) == 0 {
			continue
		}
		link := e.Source + " " + e.Type.String() + " " + v.key.String()
		out := v.emitter(&tables.Walk{Hop: w.Hop, ID: messageID(w.Hop.Cascade.ID, e.Page, link, e.Start)})
		out.late = true
		if page {
			if err := out.askPage(e.Source, e.Page, e.Type); err != nil {
				return err
			}
		}
		for _, on := range onward {
			if err := out.walkHub(e.Source, on); err != nil {
				return err
			}
		}
		return out.report()
	}
	return nil
}

// asksFor reports whether the visit asks for pages with such a link. A redirect carries and is never asked for.
func asksFor(e *tables.Edge, w *tables.Visit) bool {
	types := w.Reached(tables.ReachAll)
	if e.Direct {
		types = w.Types
	}
	return e.Type != tables.LinkRedirect && types.Has(e.Type)
}

// staleHubs returns where a visit goes on through the page of a link: each type as it came.
func (v *view) staleHubs(e *tables.Edge, w *tables.Visit) (list []tables.Onward) {
	if e.Hub == nil || !hubIsStale(e, *w) {
		return nil
	}
	hub := tables.Hub{Page: e.Page, Type: e.Type, Name: e.Hub.Name}
	last := tables.ReachTwice
	if !e.Direct {
		last = tables.ReachAll // its own list has what is beyond
	}
	for reach := tables.ReachAll; reach <= last; reach++ {
		if on, ok := hub.Onward(v.key, w.Reached(reach)&w.Shorter(reach), reach); ok {
			list = append(list, on)
		}
	}
	return list
}

// linkIsStale reports whether the rendering that found a link may have met the state from before a visit. Times have a
// resolution of one second, so a tie counts: a page too many rather than a stale page.
func (v *view) linkIsStale(e *tables.Edge, w tables.Visit) bool {
	c := w.Hop.Cascade
	if v.ofThisTitle(c) && !e.Self && e.Saw != tables.SawUnknown && e.SawPage == w.Page {
		switch {
		case w.Page == 0:
			return false // both say that there is no page
		case e.Type != tables.LinkTemplate && e.Type != tables.LinkImage && c.Kind != tables.ChangeRedirect:
			return false // such a link shows whether there is a page, and it saw this one
		case e.SawRev != 0 && (e.SawRev == c.Rev || e.SawRev > c.Rev && c.Kind.Revises()):
			return false
		case e.SawRev != 0 && e.SawRev < c.Rev && c.Kind.Revises():
			return true
		}
	}
	return c.Timeless || e.Start <= c.Moment()
}

// hubIsStale reports whether somebody may have shown the state from before a visit through the page of a link. The users of
// a redirect render again when it is set; of two changes of one second the one with the greater revision is later.
func hubIsStale(e *tables.Edge, w tables.Visit) bool {
	c := w.Hop.Cascade
	if e.Type == tables.LinkRedirect && e.Hub.Start == c.Moment() && c.Kind.Revises() {
		return e.SawRev < c.Rev
	}
	return c.Timeless || e.Hub.Start <= c.Moment()
}
