package tables

import (
	"cmp"
	"slices"
)

// TitleRow holds the claims of pages on a title: the row of `eddy-titles-table`. Open claims are bounded by the pages
// that have the title (one, but for races), past ones to the newest [TitleHistory].
type TitleRow struct {
	// Open claims, sorted by (dt, rev_id, page_id), each page at most once.
	Open []TitleClaim `avro:"open"`
	// Past claims, sorted by (to, from, page_id).
	Past []TitleSpan `avro:"past"`
}

// TitleHistory bounds [TitleRow.Past].
const TitleHistory = 32

// TitleClaim is a page's claim on a title that it has not left.
type TitleClaim struct {
	Page     int64 `avro:"page_id"`
	DT       int64 `avro:"dt"` // of the change that last said so, Unix seconds
	Rev      int64 `avro:"rev_id"`
	From     int64 `avro:"from"` // dt of the change that took the title
	Redirect *Name `avro:"redirect"`
	// Event is the one that said so last: a repeat of it is known by its id.
	Event string `avro:"event"`
}

// TitleSpan says that a page had a title from From until To, Unix seconds. A From of 0 was never seen.
type TitleSpan struct {
	Page int64 `avro:"page_id"`
	From int64 `avro:"from"`
	To   int64 `avro:"to"`
	// Took and Lost are the events: repeats of them are known by their ids.
	Took string `avro:"took"`
	Lost string `avro:"lost"`
}

// Holder returns the claim of the page that has the title: the open one with the greatest (dt, rev_id, page_id).
func (r *TitleRow) Holder() (TitleClaim, bool) {
	if len(r.Open) == 0 {
		return TitleClaim{}, false
	}
	return r.Open[len(r.Open)-1], true
}

// Claim sets the open claim of c's page. The claim's From is kept from an earlier claim that is still open. A repeat of
// a claim changes nothing.
func (r *TitleRow) Claim(c TitleClaim) {
	c.From = c.DT
	i := slices.IndexFunc(r.Open, func(o TitleClaim) bool { return o.Page == c.Page })
	switch {
	case i >= 0 && r.Open[i].DT > c.DT:
		return
	case i >= 0:
		c.From = r.Open[i].From
		r.Open = slices.Delete(r.Open, i, i+1)
	case slices.ContainsFunc(r.Past, func(o TitleSpan) bool {
		return o.Page == c.Page && (o.To > c.DT || o.Took == c.Event)
	}):
		return
	}
	i, _ = slices.BinarySearchFunc(r.Open, c, TitleClaim.compare)
	r.Open = slices.Insert(r.Open, i, c)
}

// Release ends the claim of page at dt by an event, and forgets the oldest past claims beyond [TitleHistory]. A repeat
// of a release changes nothing.
func (r *TitleRow) Release(page, dt int64, event string) {
	if slices.ContainsFunc(r.Past, func(o TitleSpan) bool { return o.Page == page && (o.To > dt || o.Lost == event) }) {
		return
	}
	span := TitleSpan{Page: page, To: dt, Lost: event}
	if i := slices.IndexFunc(r.Open, func(o TitleClaim) bool { return o.Page == page }); i >= 0 {
		if r.Open[i].DT > dt {
			return
		}
		span.From, span.Took = r.Open[i].From, r.Open[i].Event
		r.Open = slices.Delete(r.Open, i, i+1)
	}
	i, _ := slices.BinarySearchFunc(r.Past, span, TitleSpan.compare)
	r.Past = slices.Insert(r.Past, i, span)
	if over := len(r.Past) - TitleHistory; over > 0 {
		r.Past = slices.Delete(r.Past, 0, over)
	}
}

func (c TitleClaim) compare(o TitleClaim) int {
	return cmp.Or(cmp.Compare(c.DT, o.DT), cmp.Compare(c.Rev, o.Rev), cmp.Compare(c.Page, o.Page))
}

func (s TitleSpan) compare(o TitleSpan) int {
	return cmp.Or(cmp.Compare(s.To, o.To), cmp.Compare(s.From, o.From), cmp.Compare(s.Page, o.Page))
}
