package tables

import (
	"fmt"
	"slices"
)

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
	// Recent are the events that were applied last, the newest [PageEvents], and with each what it said, for a repeat may have another id. Seen has
	// the ids of some in rows of releases before v2.
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
func (r *PageRow) Knows(event string) bool {
	return r.Recent.Has(event) || slices.Contains(r.Seen, event)
}

// KnowsChange reports whether a change of a kind to a revision is among those that were applied last.
func (r *PageRow) KnowsChange(kind ChangeKind, rev int64) bool {
	return r.Recent.Has(changeTo(kind, rev))
}

// Note takes in an event that was applied: a change of a kind to a revision.
func (r *PageRow) Note(event string, kind ChangeKind, rev int64) {
	for _, seen := range r.Seen {
		r.Recent.Add(seen, 2*PageEvents)
	}
	r.Seen = nil
	r.Recent.Add(event, 2*PageEvents)
	r.Recent.Add(changeTo(kind, rev), 2*PageEvents)
}

// changeTo is no event's id.
func changeTo(kind ChangeKind, rev int64) string { return fmt.Sprintf("\x00%s %d", kind, rev) }

// PageSpan says what a page was from From on, until the next span begins.
type PageSpan struct {
	From int64 `avro:"from"` // Unix seconds
	Name Name  `avro:"name"`
	Live bool  `avro:"live"`
}
