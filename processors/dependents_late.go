package processors

import (
	"cmp"
	"slices"

	"github.com/eddystream/eddy/tables"
)

// checkLate compares a link that was set with the visits that are marked. Whoever shows a state from before one of them is
// asked for by the latest such cascade, at once: the walk itself will not come back. The page of the link and those who see the target through it may
// be of different ones. What is not older than a visit by its time is not older than those
// of earlier moments.
func (v *view) checkLate(e *tables.Edge) error {
	if len(v.row.Visits) == 0 {
		return nil
	}
	visits := slices.SortedStableFunc(slices.Values(v.row.Visits), func(a, b tables.Visit) int {
		x, y := b.Hop.Cascade, a.Hop.Cascade
		return cmp.Or(cmp.Compare(x.Moment(), y.Moment()), cmp.Compare(x.DT, y.DT), cmp.Compare(x.Rev, y.Rev))
	})
	shows := v.shows(e)
	asks, goesOn := !e.Again, e.Hub != nil // still to be found out
	for i := range visits {
		w := &visits[i]
		page := asks && asksFor(e, w) && v.linkIsStale(e, w, shows)
		var onward []tables.Onward
		if goesOn {
			onward = v.staleHubs(e, w)
		}
		if !page && len(onward) == 0 {
			continue
		}
		// That of a timeless one is a doubt for ever, for which its cascade may have asked long ago: then it asks nobody.
		if !w.Hop.Cascade.Timeless || page && v.saw(e, w) == tables.Former {
			asks, goesOn = asks && !page, goesOn && len(onward) == 0
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
		if err := out.report(); err != nil || !asks && !goesOn {
			return err
		}
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
	if e.Hub == nil || !v.hubIsStale(e, w) {
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

// saw is what a link tells of a visit.
func (v *view) saw(e *tables.Edge, w *tables.Visit) tables.Evidence {
	c := w.Hop.Cascade
	switch {
	case e.Self || e.Saw == tables.SawUnknown || e.SawRev == tables.NoneNamed || !v.ofThisTitle(c):
		return tables.Silent
	case e.SawPage != w.Page:
		return tables.Another
	case w.Page == 0:
		return tables.Current // both say that there is no page
	case e.Type != tables.LinkTemplate && e.Type != tables.LinkImage && c.Kind != tables.ChangeRedirect:
		return tables.Current // such a link shows whether there is a page, and it saw this one
	case e.SawRev == 0:
		return tables.Silent
	case e.SawRev == c.Rev, e.SawRev > c.Rev && c.Kind.Revises():
		return tables.Current
	case e.SawRev < c.Rev && c.Kind.Revises():
		return tables.Former
	}
	return tables.Silent
}

// shows is the number of the last change of the title that a link has seen for sure; 0: none.
func (v *view) shows(e *tables.Edge) (order int64) {
	for i := range v.row.Visits {
		if w := &v.row.Visits[i]; v.saw(e, w) == tables.Current {
			order = max(order, w.Hop.Cascade.Order)
		}
	}
	return order
}

// linkIsStale reports whether the rendering that found a link may have met the state from before a visit. shows is the last change of the title that
// it has seen. Where times decide, doubts count: a page too many rather than a stale page.
func (v *view) linkIsStale(e *tables.Edge, w *tables.Visit, shows int64) bool {
	c := w.Hop.Cascade
	saw := v.saw(e, w)
	switch {
	case saw == tables.Former: // also where an earlier change, which it has seen, came to the row later
		v.distrust(c, e.Start)
		return true
	case v.ofThisTitle(c) && c.Order <= shows:
		return false
	case saw == tables.Another:
		// Neither what the last change of the title left there, nor who has it now: it is from before, or a change is still to come.
		if e.SawPage != v.row.Holder && v.last(c) {
			return true
		}
	}
	return c.Timeless || e.Start <= c.Moment()+v.h.o.skew()
}

// last reports whether no change of the title came after this one.
func (v *view) last(c tables.Cascade) bool {
	return !slices.ContainsFunc(v.row.Visits, func(w tables.Visit) bool { return w.Hop.Cascade.SameRoot(c) && w.Hop.Cascade.Order > c.Order })
}

// distrust takes the time of a change for that of a clock that is behind, where a rendering that has not seen it began later: those that are compared with
// it by their times alone are in doubt then.
func (v *view) distrust(c tables.Cascade, start int64) {
	if visit := v.row.Visit(c.ID); visit != nil && start > c.Moment()+v.h.o.skew() {
		visit.Hop.Cascade.AsOf, visit.Hop.Cascade.Timeless = start, true
	}
}

// hubIsStale reports whether somebody may have shown the state from before a visit through the page of a link. The users of
// a redirect render again when it is set; of two changes whose times do not tell the one with the greater revision is later.
func (v *view) hubIsStale(e *tables.Edge, w *tables.Visit) bool {
	c, skew := w.Hop.Cascade, v.h.o.skew()
	if e.Type == tables.LinkRedirect && near(e.Hub.Start, c.Moment(), skew) && c.Kind.Revises() {
		return e.SawRev < c.Rev
	}
	return c.Timeless || e.Hub.Start <= c.Moment()+skew
}

// near reports whether two times, of clocks that may be apart, may be one.
func near(a, b, skew int64) bool { return a >= b-skew && a <= b+skew }
