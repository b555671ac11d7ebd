package processors

import "github.com/eddystream/eddy/tables"

// late compares a link that was set with the waves that have passed. Whoever shows a state from before one of them is
// asked for by the newest such cascade, at once: the walk itself will not come back.
func (v *visit) late(e *tables.Edge) error {
	for i := range v.row.Waves {
		w := v.row.Waves[i]
		page := !e.Again && v.feels(e, w) && v.stale(e, w)
		hub := e.Hub != nil && w.Types&hubTypes(e.Type) != 0 && goesOn(e, w)
		if !page && !hub {
			continue
		}
		out := v.emitter(&tables.Walk{Hop: w.Hop, ID: messageID(w.Hop.Cascade.ID, e.Page<<8|int64(e.Type), v.key.String(), e.Start)})
		out.late = true
		if page {
			if err := out.page(e.Source, uint32(e.Page), e.Type); err != nil {
				return err
			}
		}
		if hub {
			if err := out.hub(e.Source, tables.Hub{Page: e.Page, Type: e.Type, Name: e.Hub.Name}, w.Types); err != nil {
				return err
			}
		}
		return out.report()
	}
	return nil
}

// feels reports whether the wave asks for pages with such a link. A redirect carries and is never asked for.
func (v *visit) feels(e *tables.Edge, w tables.Wave) bool {
	return e.Type != tables.LinkRedirect && w.Types.Has(e.Type) && (e.Direct || !w.Redirected)
}

// stale reports whether the rendering that found a link may have met the state from before a wave. Times have a
// resolution of one second, so a tie counts: a page too many rather than a stale page.
func (v *visit) stale(e *tables.Edge, w tables.Wave) bool {
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

// goesOn reports whether somebody may have shown the state from before a wave through the page of a link. The users of
// a redirect render again when it is set; of two changes of one second the one with the greater revision is later.
func goesOn(e *tables.Edge, w tables.Wave) bool {
	c := w.Hop.Cascade
	if e.Type == tables.LinkRedirect && e.Hub.Start == c.Moment() && c.Kind.Revises() {
		return e.SawRev < c.Rev
	}
	return c.Timeless || e.Hub.Start <= c.Moment()
}

// hubTypes are the types of a wave that go on through a link of a page: what is felt by templates through the page that
// includes, what is felt by templates or images through the redirect.
func hubTypes(t tables.LinkType) tables.LinkTypes {
	switch t {
	case tables.LinkTemplate:
		return tables.NewLinkTypes(tables.LinkTemplate)
	case tables.LinkRedirect:
		return redirected
	}
	return 0
}
