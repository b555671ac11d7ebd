package documents

import "github.com/eddystream/eddy/tables"

// Title is the claims of pages on a title.
type Title struct {
	Title string `json:"title"` // its key
	Titled
	Holder *int64  `json:"holder"` // page id; null: nobody has the title
	Open   []Claim `json:"open"`
	Past   []Held  `json:"past"`
}

// Claim is a page's claim on a title that it has not left.
type Claim struct {
	Page     int64   `json:"page_id"`
	From     string  `json:"from"`
	DT       string  `json:"dt"`
	Rev      int64   `json:"rev_id"`
	Redirect *Titled `json:"redirect,omitempty"`
}

// Held says when a page had a title.
type Held struct {
	Page int64  `json:"page_id"`
	From string `json:"from,omitempty"` // absent: that was never seen
	To   string `json:"to"`
}

// Title makes the document of a title.
func (w Writer) Title(key tables.Title, row *tables.TitleRow) (*Title, error) {
	titled, err := w.titled(key)
	if err != nil {
		return nil, err
	}
	t := &Title{Title: key.String(), Titled: titled, Open: make([]Claim, len(row.Open)), Past: make([]Held, len(row.Past))}
	if holder, ok := row.Holder(); ok {
		t.Holder = &holder.Page
	}
	for i, c := range row.Open {
		redirect, err := w.maybeTitled(key.Wiki, c.Redirect)
		if err != nil {
			return nil, err
		}
		t.Open[i] = Claim{Page: c.Page, From: instant(c.From), DT: instant(c.DT), Rev: c.Rev, Redirect: redirect}
	}
	for i, s := range row.Past {
		t.Past[i] = Held{Page: s.Page, From: instant(s.From), To: instant(s.To)}
	}
	return t, nil
}
