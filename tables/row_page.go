package tables

import "slices"

// PageRow is the identity of a page: the row of `eddy-pages-table`. One row for each page that ever was; dead pages
// keep theirs, so that a late event of theirs is known for what it is.
type PageRow struct {
	Name     Name   `avro:"name"`
	Prefix   string `avro:"prefix"` // of the name, where the site info does not know it; else empty
	DT       int64  `avro:"dt"`     // of the last applied change, Unix seconds; it orders nothing
	Rev      int64  `avro:"rev_id"`
	Live     bool   `avro:"live"`
	Since    int64  `avro:"since"` // start of the present life; 0: never seen
	Redirect *Name  `avro:"redirect"`
	SHA1     string `avro:"content_sha1"`
	// Form is what a rendering depends on beside the text, as [events.Revision.Form] has it; empty: not said.
	Form string `avro:"form" default:"\"\""`
	// Version counts the changes that were applied: it is their order.
	Version int64 `avro:"version" default:"0"`
	// Recent are the events that were applied last, the newest [PageEvents]; repeats of these are dropped. Seen has the ids of some in rows of
	// releases before v2.
	Recent Recent   `avro:"recent" default:"[]"`
	Seen   []string `avro:"seen"`
	// History holds the page's titles and lives, oldest first; the last is the present one. The newest [PageHistory].
	History []PageSpan `avro:"history"`
}

// PageHistory bounds [PageRow.History], and PageEvents bounds [PageRow.Recent].
const (
	PageHistory = 32
	PageEvents  = 32
)

// Knows reports whether an event is among those that were applied last.
func (r *PageRow) Knows(event string) bool { return r.Recent.Has(event) || slices.Contains(r.Seen, event) }

// Note takes in an event that was applied.
func (r *PageRow) Note(event string) {
	for _, seen := range r.Seen {
		r.Recent.Add(seen, PageEvents)
	}
	r.Seen = nil
	r.Recent.Add(event, PageEvents)
}

// PageSpan says what a page was from From on, until the next span begins.
type PageSpan struct {
	From int64 `avro:"from"` // Unix seconds
	Name Name  `avro:"name"`
	Live bool  `avro:"live"`
}
