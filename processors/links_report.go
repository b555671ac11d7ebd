package processors

import "github.com/eddystream/eddy/tables"

// reportBytes is how many bytes of targets one record of link-changes names, at most, where it names more than one.
const reportBytes = 64 << 10

// linkReport collects what a page gained and lost, by type.
type linkReport struct {
	wiki    string
	changes [tables.NumLinkTypes]linkChanges
}

// linkChanges are the records about the links of one type.
type linkChanges struct {
	records []tables.LinkChange
	room    int // in the last one
}

func (p *linkReport) add(l tables.Link) {
	c, target := p.of(l)
	c.Added = append(c.Added, target)
}

func (p *linkReport) remove(l tables.Link) {
	c, target := p.of(l)
	c.Removed = append(c.Removed, target)
}

// of returns the record that has room for a link, and its target.
func (p *linkReport) of(l tables.Link) (*tables.LinkChange, string) {
	target := l.Target(p.wiki).String()
	c := &p.changes[l.Type]
	if len(target) > c.room {
		c.records = append(c.records, tables.LinkChange{Type: l.Type})
		c.room = reportBytes
	}
	c.room -= len(target)
	return &c.records[len(c.records)-1], target
}

func (p *linkReport) emit(e edges, dt, rev int64) error {
	for _, c := range p.changes {
		for i, r := range c.records {
			r.DT, r.Rev, r.Part, r.Parts = dt, rev, int32(i)+1, int32(len(c.records))
			if err := e.h.changes.Emit(e.r, e.page, r); err != nil {
				return err
			}
		}
	}
	return nil
}
