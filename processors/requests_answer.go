package processors

import (
	"slices"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// answer is a rendering of a page, or its death, as those see it who wait for it.
type answer struct {
	dead   bool // it answers all
	start  int64
	future bool // nobody knows when it began
	cause  tables.CascadeID
	saw    *sights
	// strict says that a change has come since the page was asked for: where that is in doubt the rendering does not show it, and the page is
	// asked for again.
	strict bool
}

// shows reports whether the answer is one to what a cascade asked of a page. What it saw of the root decides, whatever the times say. It comes after what was asked;
// so where it says nothing it answers unless it began before what it is to show, for all that clocks tell.
func (n *answer) shows(o *Options, a *asked, offset byte) bool {
	if n.dead {
		return true
	}
	switch n.saw.of(a.toSee, offset) {
	case tables.Current:
		return true
	case tables.Former:
		return false
	case tables.Another:
		return n.cause == a.cascade.ID // it was made for the change, so the title has changed once more
	}
	return n.cause == a.cascade.ID || n.since(o, a.moment)
}

// since reports whether the rendering may have begun after a moment, 0: of nobody knows when; or, where it is strict, whether it has for sure.
func (n *answer) since(o *Options, moment int64) bool {
	if n.strict {
		return !n.future && moment != 0 && n.start > moment+o.skew()
	}
	return n.future || moment == 0 || n.start >= moment-o.skew()
}

// outcome is what an answer did, of the cascades that waited for the page.
type outcome struct{ settled, stale []*asked }

// answer takes the page off what cascades wait for, where the answer is one to them. One to a change of a title is one to those before it.
func (c *chunk) answer(offset byte, n *answer) (done outcome, err error) {
	// Whatever waits has a timer, and it is quicker to look for that than for all that may wait.
	if _, waits, err := c.h.late.Get(c.r, c.key); err != nil || !waits && len(c.whole.Cascades) == 0 {
		return done, err
	}
	waiting, err := c.waiting(offset)
	if err != nil {
		return done, err
	}
	var answered []*asked
	for _, a := range waiting {
		if n.shows(&c.h.o, a, offset) {
			answered = append(answered, a)
		}
	}
	for _, a := range waiting {
		if !slices.Contains(answered, a) && !slices.ContainsFunc(answered, a.before) {
			done.stale = append(done.stale, a)
			continue
		}
		done.settled = append(done.settled, a)
		if err := c.settle(a, offset); err != nil {
			return done, err
		}
	}
	return done, nil
}

// answerBefore takes a page off what cascades wait for of earlier changes of a title, where the page is known to show a later one.
func (c *chunk) answerBefore(later *asked, offset byte) error {
	waiting, err := c.waiting(offset)
	if err != nil {
		return err
	}
	for _, a := range waiting {
		if !a.before(later) {
			continue
		}
		if err := c.settle(a, offset); err != nil {
			return err
		}
	}
	return nil
}

// waiting are the open cascades that wait for a page.
func (c *chunk) waiting(offset byte) (list []*asked, err error) {
	for a, err := range c.open(func(waits func(byte) bool) bool { return waits(offset) }) {
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

// before reports whether a cascade is of an earlier change of the root of another, or may be: a crash may have had the changes take the same place.
func (a *asked) before(o *asked) bool {
	root, order, known := a.toSee.Root()
	other, later, also := o.toSee.Root()
	return known && also && root == other && order <= later && a.cascade.ID != o.cascade.ID
}

// place takes note of a later place of the change among those of its root, and reports whether it is one: where a crash had the root take its changes in again, they
// may have come in another order.
func (a *asked) place(see tables.ToSee) bool {
	_, order, known := a.toSee.Root()
	_, later, also := see.Root()
	if a.closed || !known || !also || later <= order {
		return false
	}
	a.toSee = see
	return true
}

// settle waits for a page no more.
func (c *chunk) settle(a *asked, offset byte) error {
	a.outstanding.Remove(int(offset))
	if err := c.put(a); err != nil {
		return err
	}
	if a.outstanding.Len()%reportEvery != 0 {
		return nil
	}
	return c.report(a)
}

// reportEvery is how many answers of a chunk are reported together, but for the last ones.
const reportEvery = 32

// sights is what a rendering saw at the titles that it links to. It is read when it is asked for first: as a rule nobody waits.
type sights struct {
	h     *requests
	ev    *events.Render
	name  *tables.Name // the last of the page, as far as it is known
	read  bool
	says  bool // links name the pages that they met: that one names none means that there was none
	links []tables.Link
	roots []tables.Root // of links
}

func (h *requests) sights(ev *events.Render, p *pageState) *sights {
	s := &sights{h: h, ev: ev}
	if p.named != nil {
		s.name = &p.named.Name
	}
	return s
}

// of is what the rendering tells of a change: of several links, the worst.
func (s *sights) of(see tables.ToSee, offset byte) tables.Evidence {
	root, _, known := see.Root()
	if !known || see.Own(offset) {
		return tables.Silent
	}
	s.load()
	told := tables.Silent
	for i, r := range s.roots {
		if r != root {
			continue
		}
		l := &s.links[i]
		switch {
		case l.Page == s.ev.Page.ID:
			continue // itself
		case l.Page == 0 && (!s.says || l.Type == tables.LinkImage || l.Type == tables.LinkCategory):
			continue
		}
		told = max(told, see.Link(l.Type, l.Page, l.Rev))
	}
	return told
}

func (s *sights) load() {
	if s.read {
		return
	}
	s.read = true
	site, err := renderSite(s.h.o.Sites, s.ev)
	if err != nil {
		return // it is the error of links
	}
	in := &s.ev.Links
	list := linkList{site: site, links: make([]tables.Link, 0, len(in.Template)+len(in.Page)+len(in.Image)+len(in.Category)+len(in.Existence))}
	list.titles(in)
	s.links = list.sorted()
	s.says = slices.ContainsFunc(s.links, func(l tables.Link) bool { return l.Page != 0 })
	own := make([]tables.Name, 0, 2)
	if s.name != nil {
		own = append(own, *s.name)
	}
	if title, err := site.FromPageTitle(s.ev.Page.Namespace, s.ev.Page.Title); err == nil {
		own = append(own, tables.NameOf(title))
	}
	s.roots = make([]tables.Root, len(s.links))
	for i, l := range s.links {
		if name := (tables.Name{Namespace: l.Namespace, DBKey: l.Text}); !slices.Contains(own, name) {
			s.roots[i] = tables.RootOf(name.In(site.Wiki()))
		}
	}
}
