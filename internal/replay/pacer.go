package replay

import "github.com/eddystream/eddy/tables"

// pacer decides before which events of a file the pipeline has to be at rest, where each change is to be settled
// before the next: before each page change, and before the first render event of a page other than the changed ones.
// The render events of a file are the answers to the walk that the change started; those of the changed pages
// themselves are its witnesses, and belong to the change.
type pacer struct {
	changed  map[tables.PageKey]bool
	answered bool // a render event has come since the last change
	walked   bool // the walk of the changes has been waited for
}

// change tells of a page change; the pipeline has to be at rest before it.
func (p *pacer) change(page tables.PageKey) {
	if p.answered || p.changed == nil {
		p.changed = map[tables.PageKey]bool{}
	}
	p.changed[page] = true
	p.answered, p.walked = false, false
}

// render tells of a render event and reports whether the pipeline has to be at rest before it.
func (p *pacer) render(page tables.PageKey) bool {
	p.answered = true
	if p.walked || len(p.changed) == 0 || p.changed[page] {
		return false
	}
	p.walked = true
	return true
}
