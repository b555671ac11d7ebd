package oracle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables/events"
)

// thin leaves out, at random, what an event need not say.
func (p *player) thin(e simwiki.Event) {
	if !p.sc.Noise.Sparse {
		return
	}
	if e.Render != nil {
		p.thinRender(e.Render)
		return
	}
	c := e.Change
	if p.healing { // what it would leave out was lost, maybe, and nobody could know
		return
	}
	if p.beside.IntN(2) == 0 {
		model := ""
		if p.turned[c.Meta.ID] { // else nobody could know
			model = c.Revision.Model
		}
		c.Revision = events.Revision{ID: c.Revision.ID, Model: model}
	}
	if p.beside.IntN(3) == 0 {
		c.CreatedRedirect = nil
	}
	if c.PriorPage != nil {
		switch p.beside.IntN(3) {
		case 0:
			c.PriorPage = nil
		case 1:
			c.PriorPage.Unsaid, c.PriorPage.Namespace = true, c.Page.Namespace
		}
	}
	before, known := p.redirects[c.Page.ID]
	leads := ""
	if c.Page.Link != nil {
		leads = c.Page.Link.Title
	}
	p.redirects[c.Page.ID] = leads
	if known && before == leads && c.Kind != events.Undelete { // else nobody could know
		switch p.beside.IntN(3) {
		case 0:
			c.Page.Redirect, c.Page.Link, c.Page.Unsaid = false, nil, true
		case 1:
			c.Page.Link = nil
		}
	}
}

func (p *player) thinRender(r *events.Render) {
	if p.beside.IntN(3) == 0 {
		r.TransclusionSHA1 = ""
		if p.beside.IntN(2) == 0 {
			r.ContentSHA1 = ""
		}
	}
	n := p.beside.IntN(4)
	if n > 1 {
		return
	}
	for i := range r.Links.Template {
		l := &r.Links.Template[i]
		if l.RevID = 0; n == 0 {
			l.PageID = 0
		}
	}
	for _, list := range [][]events.TitleLink{r.Links.Page, r.Links.Existence} {
		for i := range list {
			if n == 0 {
				list[i].PageID = 0
			}
		}
	}
}

// again gives a repeat another id, where it can be known for one by what it says: not a death or a revival, of which there may be many alike; nor a
// rendering where another of its page may have begun as late.
func (p *player) again(e simwiki.Event) simwiki.Event {
	if p.sc.Noise.Renamed == 0 || !slices.ContainsFunc(p.log, func(o simwiki.Event) bool { return o.ID() == e.ID() }) || p.beside.IntN(100) >= p.sc.Noise.Renamed {
		return e
	}
	id := fmt.Sprintf("%s-again-%d", e.ID(), len(p.log))
	if e.Render != nil {
		for _, o := range p.log {
			if r := o.Render; r != nil && r.Page.ID == e.Render.Page.ID && first(r.Meta.ID) != first(e.ID()) &&
				!r.Start.Add(p.sc.Noise.Skew+time.Second).Before(e.Render.Start) && !e.Render.Start.Add(p.sc.Noise.Skew+time.Second).Before(r.Start) {
				return e
			}
		}
		r := *e.Render
		r.Meta.ID, e.Render = id, &r
		return e
	}
	switch e.Change.Kind {
	case events.Create, events.Edit, events.Move:
		c := *e.Change
		c.Meta.ID, e.Change = id, &c
	}
	return e
}

// first is the id that an event came by first.
func first(id string) string {
	id, _, _ = strings.Cut(id, "-again-")
	return id
}
