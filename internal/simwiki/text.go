package simwiki

import (
	"fmt"

	"github.com/eddystream/eddy/tables"
)

// Text is what one revision of a page says.
type Text struct {
	// Included is what others see who include the page; PageOnly is inside <noinclude>: in the
	// page's own view only.
	Included, PageOnly Part
	// Redirect is where the page leads; nil: it is no redirect. The parts of a redirect are not shown.
	Redirect *tables.Name
	// Model is its content model, by which the same text shows something else; empty: wikitext.
	Model string
}

// Part is a piece of text. Titles named twice count once.
type Part struct {
	Words      int64 // stands for everything that names no title
	Templates  []tables.Name
	Pages      []tables.Name
	Images     []tables.Name
	Categories []tables.Name
	Existence  []tables.Name // asked for by #ifexist
}

func (p Part) digest() string { return digest("part", fmt.Sprint(p)) }

// Transclusion is the hash of what others see.
func (t Text) Transclusion() string {
	if t.Redirect != nil {
		return digest("redirect", fmt.Sprint(*t.Redirect))
	}
	return t.Included.digest()
}

// content is the hash of all of it.
func (t Text) content() string {
	return digest(t.Transclusion(), t.PageOnly.digest())
}
