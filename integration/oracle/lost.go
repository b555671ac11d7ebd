package oracle

import (
	"time"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables/events"
)

// loses reports whether an event that is about to come never does.
func (p *player) loses(e simwiki.Event) bool {
	n := p.sc.Noise.Lost
	return n > 0 && !p.healed && (e.Change == nil || e.Change.Kind != events.Delete) && p.tape.IntN(100) < n
}

// heal edits and renders each page: of all that was lost nothing is missing then.
func (p *player) heal() error {
	p.healed = true
	for _, id := range p.wiki.Living() {
		_, text, _ := p.wiki.Page(id)
		text.PageOnly.Words += 2
		if err := p.wiki.Edit(id, text); err != nil {
			return err
		}
		if err := p.render(id, nil); err != nil {
			return err
		}
	}
	if w, ok := p.sys.(Waiter); ok {
		return w.Wait(p.ctx, time.Minute)
	}
	return nil
}

// patience is how long a cascade may wait for its end.
func (p *player) patience() time.Duration {
	if p.sc.Noise.Lost > 0 {
		return 8 * 24 * time.Hour // what is not answered is given up after 7 days
	}
	return 2 * time.Hour // what a crash has left without an end has one after an hour
}
