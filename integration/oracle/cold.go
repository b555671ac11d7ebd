package oracle

import (
	"strconv"
	"strings"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables/events"
)

// before is the wiki's life before the system begins: what comes of it is seen by nobody, but for what is late and comes behind that point of
// the streams.
func (p *player) before() error {
	p.notef("before the system begins")
	p.unseen.now = true
	repeat := p.feed.Repeat
	p.feed.Repeat = 0 // nothing comes again that the system has not seen
	for range 5 + p.tape.IntN(40) {
		if p.tape.IntN(3) == 0 {
			p.wiki.Tick(1)
		}
		var err error
		living := p.wiki.Living()
		switch n := p.tape.IntN(10); {
		case n < 4 || len(living) == 0:
			err = p.save()
		case n < 7:
			err = p.deliver(1 + p.tape.IntN(6))
		default:
			err = p.render(living[p.tape.IntN(len(living))], nil)
		}
		if err != nil {
			return err
		}
	}
	p.feed.Repeat, p.unseen.now = repeat, false
	for id, r := range p.shown {
		p.unseen.renders[id] = r.Meta.ID
	}
	p.notef("the system begins")
	return nil
}

// unseen is what a system that begins in the middle of the streams has not seen.
type unseen struct {
	now     bool             // the system has not begun
	change  int              // the number of the last change that it has not seen
	renders map[int64]string // the last rendering of each page when it began, by id
}

// passes reports whether an event comes by before the system begins.
func (p *player) passes(e simwiki.Event) bool {
	if !p.unseen.now {
		return false
	}
	p.notef("  unseen: %s", e.ID())
	if e.Change != nil {
		p.unseen.change = max(p.unseen.change, serial(e.ID()))
	}
	return true
}

// comes takes note of an event that is delivered.
func (p *player) comes(e simwiki.Event) {
	p.came[first(e.ID())] = true
	c := e.Change
	if c == nil {
		return
	}
	if p.heard[c.Page.ID] == 0 {
		p.heard[c.Page.ID] = serial(c.Meta.ID)
	}
	if c.Kind != events.VisibilityChange {
		p.named[c.Page.ID] = true
	}
}

// serial is the place of an event in the life of its wiki.
func serial(id string) int {
	_, n, _ := strings.Cut(first(id), "-")
	i, _ := strconv.Atoi(n)
	return i
}

// mayKnow reports whether a system that began in the middle of the streams may know that a page is stale, and so has to. It must have seen
//
//   - a change of the page, for which it asks for a rendering; or the page's last rendering, and all changes that were made since;
//   - of each redirect that the page shows, a change: nothing else tells where it leads. Of a page that it links to, a change from before the
//     rendering: nothing else tells whether it was a redirect then;
//   - where its list is not complete, the last rendering of each template that it shows, no older than its changes that were not seen: nothing
//     else tells what it includes.
//
// It need not have seen who has which title, nor what became of any of them before: that renderings tell.
func (p *player) mayKnow(id int64) bool {
	r := p.shown[id]
	switch {
	case r == nil || !p.came[r.Meta.ID]:
		return p.named[id]
	case serial(r.Meta.ID) < p.unseen.change:
		return false
	}
	for _, v := range p.through[id] {
		heard := p.heard[v.Page]
		switch {
		case v.Linked && (heard == 0 || heard > serial(r.Meta.ID)):
			return false
		case r.Closure == events.Complete:
		case v.Redirect && heard == 0:
			return false
		case v.Template && !v.Redirect && !p.linksCame(v.Page):
			return false
		}
	}
	return true
}

// linksCame reports whether the links of a page, as it was last rendered, are known.
func (p *player) linksCame(id int64) bool {
	r := p.shown[id]
	return r != nil && p.came[r.Meta.ID] && serial(r.Meta.ID) > p.unseen.change
}

// fill renders each page once: of what the pages are now nothing is unseen then, but where redirects lead that nobody has touched.
func (p *player) fill() error {
	for _, id := range p.wiki.Living() {
		if err := p.render(id, nil); err != nil {
			return err
		}
	}
	return p.rest()
}
