package processors

import "github.com/eddystream/eddy/tables"

// linkReport collects what a page gained and lost, by type.
type linkReport struct {
	wiki    string
	changes [tables.NumLinkTypes]*tables.LinkChange
}

func (p *linkReport) add(l tables.Link) {
	c := p.of(l.Type)
	c.Added = append(c.Added, l.Target(p.wiki).String())
}

func (p *linkReport) remove(l tables.Link) {
	c := p.of(l.Type)
	c.Removed = append(c.Removed, l.Target(p.wiki).String())
}

func (p *linkReport) of(t tables.LinkType) *tables.LinkChange {
	if p.changes[t] == nil {
		p.changes[t] = &tables.LinkChange{Type: t}
	}
	return p.changes[t]
}

func (p *linkReport) emit(e edges, dt, rev int64) error {
	for _, c := range p.changes {
		if c == nil {
			continue
		}
		c.DT, c.Rev = dt, rev
		if err := e.h.changes.Emit(e.r, e.page, *c); err != nil {
			return err
		}
	}
	return nil
}
