package events

import (
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/eddystream/eddy/codecs"
)

// PageChangeCodec is the JSON codec of page changes, as Wikimedia's own stream has them. Decode ignores what
// [PageChange] does not have, and Encode leaves it out. Decode's errors are those of [Decode]; an event of
// another schema is [ErrSchema].
func PageChangeCodec() codecs.Codec[PageChange] { return pageChangeJSON{} }

type pageChangeJSON struct{}

func (pageChangeJSON) Decode(data []byte) (PageChange, error) {
	w, k, err := decodeWire(data)
	if err != nil {
		return PageChange{}, err
	}
	if k != pageChange {
		return PageChange{}, fmt.Errorf("%w: %s is no page change", ErrSchema, codecs.Quote(w.Schema))
	}
	c, err := w.pageChange()
	if err != nil {
		return PageChange{}, err
	}
	return *c, nil
}

func (pageChangeJSON) Encode(c PageChange) ([]byte, error) {
	w := &wire{
		Schema:    PageChangeSchema,
		Meta:      wireMeta{Stream: "mediawiki.page_change.v1", ID: c.Meta.ID, Domain: c.Meta.Domain},
		Wiki:      c.Wiki,
		Time:      formatTime(c.Time),
		Changelog: "update",
		Kind:      c.Kind.String(),
		Page:      c.Page.wire(),
		Revision:  wireRevision{ID: c.Revision.ID, SHA1: c.Revision.SHA1},
	}
	switch c.Kind {
	case Create, Undelete:
		w.Changelog = "insert"
	case Delete:
		w.Changelog = "delete"
	}
	if !c.Sent.IsZero() {
		w.Meta.Time = formatTime(c.Sent)
	}
	if !c.Revision.Time.IsZero() {
		w.Revision.Time = formatTime(c.Revision.Time)
	}
	if r := &c.Revision; r.ContentSHA1 != "" || r.Model != "" || len(r.Others) > 0 {
		w.Revision.Slots = wireSlots{}
		if r.ContentSHA1 != "" || r.Model != "" {
			w.Revision.Slots[mainSlot] = wireSlot{mainSlot, r.ContentSHA1, r.Model}
		}
		for _, s := range r.Others {
			w.Revision.Slots[s.Role] = wireSlot{s.Role, s.SHA1, s.Model}
		}
	}
	if p := c.PriorPage; p != nil {
		w.Prior = &wirePrior{&wirePage{ID: p.ID, Title: p.Title}}
		if !p.Unsaid {
			w.Prior.Page.Namespace = &p.Namespace
		}
	}
	if p := c.CreatedRedirect; p != nil {
		w.CreatedRedirect = p.wire()
	}
	// What would not be read back is not written.
	if _, err := w.pageChange(); err != nil {
		return nil, err
	}
	return json.Marshal(w)
}

// mainSlot is the role of the slot that has a page's text.
const mainSlot = "main"

func (p *Page) wire() *wirePage {
	w := &wirePage{ID: p.ID, Title: p.Title, Namespace: &p.Namespace}
	if !p.Unsaid {
		w.Redirect = &p.Redirect
	}
	if l := p.Link; l != nil {
		w.Link = &wireRedirect{Title: l.Title, Namespace: &l.Namespace, Interwiki: l.Interwiki}
	}
	return w
}

func (w *wire) pageChange() (*PageChange, error) {
	at, err := w.head()
	if err != nil {
		return nil, err
	}
	if w.Kind == "" {
		return nil, missing("page_change_kind")
	}
	k, err := ParseChangeKind(w.Kind)
	if err != nil {
		return nil, impossible("page_change_kind", w.Kind)
	}
	page, dropped := w.Page.page()
	c := &PageChange{
		Meta: Meta{w.Meta.ID, w.Meta.Domain}, Wiki: w.Wiki, Time: at, Kind: k, Page: page,
		Revision: Revision{ID: w.Revision.ID, SHA1: w.Revision.SHA1}, Dropped: slices.Concat(w.dropped, dropped),
	}
	if w.Meta.Time != "" {
		if c.Sent, err = parseTime("meta.dt", w.Meta.Time); err != nil {
			return nil, err
		}
	}
	if w.Revision.Time != "" {
		if c.Revision.Time, err = parseTime("revision.rev_dt", w.Revision.Time); err != nil {
			return nil, err
		}
	}
	for _, role := range slices.Sorted(maps.Keys(w.Revision.Slots)) {
		s := w.Revision.Slots[role]
		if role == mainSlot {
			c.Revision.ContentSHA1, c.Revision.Model = s.SHA1, s.Model
		} else {
			c.Revision.Others = append(c.Revision.Others, Slot{role, s.Model, s.SHA1})
		}
	}
	shorten(&c.Meta.ID, &c.Revision.SHA1, &c.Revision.ContentSHA1, &c.Revision.Model)
	if w.Prior != nil && w.Prior.Page != nil {
		p := w.Prior.Page
		c.PriorPage = &PriorPage{ID: p.ID, Namespace: page.Namespace, Unsaid: p.Namespace == nil, Title: p.Title}
		if err := possibleID("prior_state.page.page_id", p.ID); err != nil {
			return nil, err
		}
		if p.Namespace != nil {
			c.PriorPage.Namespace = *p.Namespace
		}
	}
	if w.CreatedRedirect != nil {
		if err := w.CreatedRedirect.check("created_redirect_page"); err != nil {
			return nil, err
		}
		p, _ := w.CreatedRedirect.page()
		c.CreatedRedirect = &p
	}
	return c, nil
}

// page converts a page that was checked. A redirect's target without a namespace is dropped; what leads to another wiki
// needs no namespace of this one.
func (p *wirePage) page() (Page, []Dropped) {
	page := Page{ID: p.ID, Namespace: *p.Namespace, Title: p.Title}
	l := p.Link
	switch {
	case p.Redirect != nil:
		page.Redirect = *p.Redirect
	case l != nil && l.Title != "":
		page.Redirect = true
	default:
		page.Unsaid = true
	}
	if l == nil || l.Title == "" {
		return page, nil
	}
	if l.Namespace == nil && l.Interwiki == "" {
		return page, []Dropped{{Type: "redirect", Text: l.Title, Fault: FaultNamespace}}
	}
	page.Link = &RedirectLink{Title: l.Title, Interwiki: l.Interwiki}
	if l.Namespace != nil {
		page.Link.Namespace = *l.Namespace
	}
	return page, nil
}
