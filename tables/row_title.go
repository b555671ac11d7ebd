package tables

import (
	"cmp"
	"slices"
)

// TitleRow holds the claims of pages on a title: the row of `eddy-titles-table`. There is one open claim, but for changes that are on their
// way or were lost; the newest [TitleClaims] are kept, and of past ones the newest [TitleHistory].
type TitleRow struct {
	// Open claims, sorted by (rev_id, page_id), each page at most once.
	Open []TitleClaim `avro:"open"`
	// Past claims, sorted by (to, from, page_id).
	Past []TitleSpan `avro:"past"`
}

// TitleClaims bounds [TitleRow.Open], and TitleHistory bounds [TitleRow.Past].
const (
	TitleClaims  = 64
	TitleHistory = 32
)

// TitleClaim is a page's claim on a title that it has not left.
type TitleClaim struct {
	Page     int64 `avro:"page_id"`
	DT       int64 `avro:"dt"` // of the change that last said so, Unix seconds; it orders nothing
	Rev      int64 `avro:"rev_id"`
	From     int64 `avro:"from"` // dt of the change that took the title
	Redirect *Name `avro:"redirect"`
	// Event is the one that said so last.
	Event string `avro:"event"`
	// Version is that of the page after it: an older one is a repeat.
	Version int64 `avro:"version" default:"0"`
}

// TitleSpan says that a page had a title from From until To, Unix seconds. A From of 0 was never seen.
type TitleSpan struct {
	Page int64 `avro:"page_id"`
	From int64 `avro:"from"`
	To   int64 `avro:"to"`
	// Took and Lost are the events.
	Took string `avro:"took"`
	Lost string `avro:"lost"`
	// Version is that of the page after it left: an older one is a repeat.
	Version int64 `avro:"version" default:"0"`
}

// Holder returns the claim of the page that has the title. There is one, but for changes that are on their way, or were lost: of several, that
// with the greatest (rev_id, page_id), which was made last.
func (r *TitleRow) Holder() (TitleClaim, bool) {
	if len(r.Open) == 0 {
		return TitleClaim{}, false
	}
	return r.Open[len(r.Open)-1], true
}

// Claim sets the open claim of c's page. The claim's From is kept from an earlier claim that is still open. What is older than the page's
// last claim or release changes nothing.
func (r *TitleRow) Claim(c TitleClaim) {
	if r.version(c.Page) >= c.Version && c.Version > 0 {
		return
	}
	c.From = c.DT
	if i := slices.IndexFunc(r.Open, func(o TitleClaim) bool { return o.Page == c.Page }); i >= 0 {
		c.From = r.Open[i].From
		r.Open = slices.Delete(r.Open, i, i+1)
	}
	i, _ := slices.BinarySearchFunc(r.Open, c, TitleClaim.compare)
	r.Open = slices.Insert(r.Open, i, c)
	if over := len(r.Open) - TitleClaims; over > 0 {
		r.Open = slices.Delete(r.Open, 0, over)
	}
}

// Release ends the claim of page at dt by an event, and forgets the oldest past claims beyond [TitleHistory]. What is older than the page's
// last claim or release changes nothing.
func (r *TitleRow) Release(page, version, dt int64, event string) {
	if r.version(page) >= version && version > 0 {
		return
	}
	span := TitleSpan{Page: page, To: dt, Lost: event, Version: version}
	if i := slices.IndexFunc(r.Open, func(o TitleClaim) bool { return o.Page == page }); i >= 0 {
		span.From, span.Took = r.Open[i].From, r.Open[i].Event
		r.Open = slices.Delete(r.Open, i, i+1)
	}
	i, _ := slices.BinarySearchFunc(r.Past, span, TitleSpan.compare)
	r.Past = slices.Insert(r.Past, i, span)
	if over := len(r.Past) - TitleHistory; over > 0 {
		r.Past = slices.Delete(r.Past, 0, over)
	}
}

// version is that of a page's last claim or release that is known.
func (r *TitleRow) version(page int64) (v int64) {
	for _, o := range r.Open {
		if o.Page == page {
			v = max(v, o.Version)
		}
	}
	for _, o := range r.Past {
		if o.Page == page {
			v = max(v, o.Version)
		}
	}
	return v
}

func (c TitleClaim) compare(o TitleClaim) int {
	return cmp.Or(cmp.Compare(c.Rev, o.Rev), cmp.Compare(c.Page, o.Page))
}

func (s TitleSpan) compare(o TitleSpan) int {
	return cmp.Or(cmp.Compare(s.To, o.To), cmp.Compare(s.From, o.From), cmp.Compare(s.Page, o.Page))
}
