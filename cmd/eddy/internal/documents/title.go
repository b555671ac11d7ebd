package documents

import "github.com/eddystream/eddy/tables"

// Title is the claims of pages on a title.
type Title struct {
	Title string `json:"title"` // its key
	Titled
	Holder *int64  `json:"holder"` // page id; null: nobody has the title
	Claims []Claim `json:"claims"`
}

// Claim is one page's latest claim.
type Claim struct {
	Page     int64   `json:"page_id"`
	DT       string  `json:"dt"`
	Rev      int64   `json:"rev_id"`
	Open     bool    `json:"open"`
	Released string  `json:"released,omitempty"`
	Redirect *Titled `json:"redirect,omitempty"`
}

// Title makes the document of a title.
func (w Writer) Title(key tables.Title, row *tables.TitleRow) (*Title, error) {
	titled, err := w.titled(key)
	if err != nil {
		return nil, err
	}
	t := &Title{Title: key.String(), Titled: titled, Claims: make([]Claim, len(row.Claims))}
	if holder, ok := row.Holder(); ok {
		t.Holder = &holder.Page
	}
	for i, c := range row.Claims {
		redirect, err := w.maybeTitled(key.Wiki, c.Redirect)
		if err != nil {
			return nil, err
		}
		t.Claims[i] = Claim{
			Page: c.Page, DT: instant(c.DT), Rev: c.Rev, Open: c.Open, Released: instant(c.Released), Redirect: redirect,
		}
	}
	return t, nil
}
