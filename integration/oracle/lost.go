package oracle

import (
	"maps"
	"slices"
	"time"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables/events"
)

// loses reports whether an event that is about to come never does.
func (p *player) loses(e simwiki.Event) bool {
	id, same := e.PageKey().ID, func(o simwiki.Event) bool { return o.ID() == e.ID() }
	switch n := p.sc.Noise.Lost; {
	case n == 0:
		return false
	case slices.ContainsFunc(p.lost[id], same): // and so are its repeats, which would come behind what follows it
		return true
	case p.healed || p.came[first(e.ID())] || e.ID() != p.missed && p.beside.IntN(100) >= n:
		return false
	}
	p.notef("  lost: %s", e.ID())
	p.lost[id] = append(p.lost[id], e)
	return true
}

// heal does what makes good the events that were lost, page by page, and no more, as doc/INPUTS.md has it. Then the wiki goes on, and nothing of
// what was lost may be felt.
func (p *player) heal() error {
	p.healed, p.healing = true, true
	for _, id := range slices.Sorted(maps.Keys(p.lost)) {
		p.notef("heal page %d", id)
		if err := p.healPage(id); err != nil {
			return err
		}
		if err := p.healTitles(id); err != nil {
			return err
		}
		if err := p.deliver(p.tape.IntN(4)); err != nil {
			return err
		}
	}
	p.healing = false
	if err := p.rest(); err != nil {
		return err
	}
	for range p.sc.Steps / 4 {
		if err := p.step(); err != nil {
			return err
		}
	}
	return p.rest()
}

func (p *player) healPage(id int64) error {
	name, text, _ := p.wiki.Page(id)
	if _, alive := p.wiki.Output(id); !alive {
		if !slices.ContainsFunc(p.lost[id], isDelete) {
			return nil
		}
		// Another page takes the title, or has taken it.
		other, taken := p.wiki.At(name)
		if taken {
			return p.touch(other)
		}
		created, err := p.wiki.Create(name, simwiki.Text{Redirect: text.Redirect, Included: text.Included})
		if err != nil {
			return err
		}
		return p.render(created, nil)
	}
	if p.tape.IntN(4) > 0 && !slices.ContainsFunc(p.lost[id], p.needsChange) {
		return p.render(id, nil)
	}
	return p.touch(id)
}

// healTitles does what makes good that a page has left a title, where it is not heard of that it ever had it: no event of the page that came is from
// before the move, which is lost. The page's next event tells where it is, and nothing where it was. As with a delete, another page takes the title.
func (p *player) healTitles(id int64) error {
	for _, e := range p.lost[id] {
		c := e.Change
		if c == nil || c.Kind != events.Move || p.heardBefore(id, serial(c.Meta.ID)) {
			continue
		}
		name := p.moved[c.Meta.ID]
		p.notef("heal the title %q", simwiki.Prefixed(name))
		other, taken := p.wiki.At(name)
		if taken {
			if err := p.touch(other); err != nil {
				return err
			}
			continue
		}
		created, err := p.wiki.Create(name, simwiki.Text{})
		if err != nil {
			return err
		}
		if err := p.render(created, nil); err != nil {
			return err
		}
	}
	return nil
}

// heardBefore reports whether an event of a page has come that is from before another.
func (p *player) heardBefore(id int64, event int) bool {
	return slices.ContainsFunc(p.log, func(e simwiki.Event) bool { return e.PageKey().ID == id && serial(e.ID()) < event })
}

// touch edits a page, and renders it.
func (p *player) touch(id int64) error {
	_, text, _ := p.wiki.Page(id)
	text.PageOnly.Words += 2
	if err := p.wiki.Edit(id, text); err != nil {
		return err
	}
	return p.render(id, nil)
}

func isDelete(e simwiki.Event) bool { return e.Change != nil && e.Change.Kind == events.Delete }

// needsChange reports whether the next change of the page makes good an event that was lost, and no rendering does. A rendering does not tell where
// a page leads, nor its content model.
func (p *player) needsChange(e simwiki.Event) bool {
	return e.Change != nil && (e.Change.Kind != events.Edit || p.turned[first(e.ID())])
}

// patience is how long a cascade may wait for its end.
func (p *player) patience() time.Duration {
	if p.sc.Noise.Lost > 0 || p.sc.Cold {
		return 8 * 24 * time.Hour // what is not answered is given up after 7 days
	}
	return 2 * time.Hour // what a crash has left without an end has one after an hour
}
