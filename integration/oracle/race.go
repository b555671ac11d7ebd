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
