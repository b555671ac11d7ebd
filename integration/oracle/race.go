package oracle

import (
	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables"
)

// race has a page come to use a template that changes while it is rendered, and its rendering comes when the change is past.
func (p *player) race() error {
	living := p.wiki.Living()
	if len(living) < 2 {
		return nil
	}
	user, used := living[p.tape.IntN(len(living))], living[p.tape.IntN(len(living))]
	name, text, _ := p.wiki.Page(used)
	if user == used || name.Namespace != simwiki.Template || text.Redirect != nil {
		return nil
	}
	if err := p.wiki.Edit(user, simwiki.Text{Included: simwiki.Part{Templates: []tables.Name{name}}}); err != nil {
		return err
	}
	if err := p.render(user, nil); err != nil {
		return err
	}
	p.feed.Hold(user)
	p.wiki.Tick(p.tape.IntN(2))
	if p.tape.IntN(4) == 0 {
		if err := p.wiki.Delete(used); err != nil {
			return err
		}
	} else {
		text.Included.Words++
		if err := p.wiki.Edit(used, text); err != nil {
			return err
		}
		if err := p.render(used, nil); err != nil {
			return err
		}
	}
	if err := p.deliver(p.feed.Len()); err != nil {
		return err
	}
	p.feed.Hold(0)
	return p.settle()
}

// template draws a living template that is no redirect.
func (p *player) template() (id int64, text simwiki.Text, ok bool) {
	var list []int64
	for _, id := range p.wiki.Living() {
		if name, text, _ := p.wiki.Page(id); name.Namespace == simwiki.Template && text.Redirect == nil {
			list = append(list, id)
		}
	}
	if len(list) == 0 {
		return 0, text, false
	}
	id = list[p.tape.IntN(len(list))]
	_, text, _ = p.wiki.Page(id)
	return id, text, true
}

// back has a template changed and changed back, and a page rendered between that then shows what was there for a moment.
func (p *player) back() error {
	living := p.wiki.Living()
	used, text, ok := p.template()
	if !ok {
		return nil
	}
	between := living[p.tape.IntN(len(living))]
	words := text.Included.Words
	for _, w := range []int64{words + 1, words} {
		text.Included.Words = w
		if err := p.wiki.Edit(used, text); err != nil {
			return err
		}
		if w == words || between == used {
			continue
		}
		if err := p.render(between, nil); err != nil {
			return err
		}
	}
	return p.render(used, nil)
}

// miss has a template changed twice, and the second change is lost, but not the rendering of it.
func (p *player) miss() error {
	used, text, ok := p.template()
	if !ok {
		return nil
	}
	for range 2 {
		text.Included.Words++
		if err := p.wiki.Edit(used, text); err != nil {
			return err
		}
	}
	if p.sc.Noise.Lost > 0 && !p.healed {
		p.missed = p.lastChange
	}
	return p.render(used, nil)
}
