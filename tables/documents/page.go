package documents

import "github.com/eddystream/eddy/tables"

// Page is the identity of a page.
type Page struct {
	Page string `json:"page"` // its key
	Titled
	Live     bool    `json:"live"`
	DT       string  `json:"dt"`
	Rev      int64   `json:"rev_id"`
	Since    string  `json:"since,omitempty"`
	Redirect *Titled `json:"redirect,omitempty"`
	History  []Span  `json:"history"`
}

// Span is what a page was from a moment on.
type Span struct {
	From string `json:"from"`
	Titled
	Live bool `json:"live"`
}

// Page makes the document of a page.
func (w Writer) Page(key tables.PageKey, row *tables.PageRow) (*Page, error) {
	p := &Page{
		Page: key.String(), Live: row.Live, DT: instant(row.DT), Rev: row.Rev, Since: instant(row.Since),
		History: make([]Span, len(row.History)),
	}
	// The prefix is that of a namespace, and so of every other title in it.
	spell := func(n tables.Name) (Titled, error) {
		if n.Namespace == row.Name.Namespace {
			return w.with(row.Prefix, n.In(key.Wiki))
		}
		return w.titled(n.In(key.Wiki))
	}
	var err error
	if p.Titled, err = spell(row.Name); err != nil {
		return nil, err
	}
	if row.Redirect != nil {
		to, err := spell(*row.Redirect)
		if err != nil {
			return nil, err
		}
		p.Redirect = &to
	}
	for i, s := range row.History {
		titled, err := spell(s.Name)
		if err != nil {
			return nil, err
		}
		p.History[i] = Span{From: instant(s.From), Titled: titled, Live: s.Live}
	}
	return p, nil
}
