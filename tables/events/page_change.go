package events

import (
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/eddystream/eddy/codecs"
)

// PageChange is one change of one page: what Eddy reads of Wikimedia's event. Times are UTC.
type PageChange struct {
	Meta     Meta
	Wiki     string
	Time     time.Time // when the page changed
	Kind     ChangeKind
	Page     Page // after the change; of a delete, as it was
	Revision Revision

	// Sent is when the event was made, where it says so: an imported revision has a Time of long before. Zero: not said.
	Sent time.Time

	// PriorPage is where a moved page was, or the old id of an undeleted one; nil: the event does not say.
	PriorPage *PriorPage
	// CreatedRedirect is the redirect that a move left behind; nil: none.
	CreatedRedirect *Page
}

// Meta is what an event says of itself.
type Meta struct {
	// ID is the event's own; of an event without, a hash of its bytes, so that a repeat has the same.
	ID     string `avro:"id"`
	Domain string `avro:"domain"`
}

// Canary says whether the event is a test of the event platform, to be dropped.
func (m Meta) Canary() bool { return m.Domain == "canary" }

// Page is a page as an event spells it.
type Page struct {
	ID        int64
	Namespace int32
	Title     string        // the database key, with the prefix of its namespace
	Redirect  bool          // it is said that the page is a redirect
	Unsaid    bool          // it is not said whether the page is one
	Link      *RedirectLink // where a redirect leads; nil: not said
}

// RedirectLink is the target of a redirect.
type RedirectLink struct {
	Namespace int32
	Title     string // with or without the prefix of its namespace
	Interwiki string // the prefix of another wiki, or empty
}

// PriorPage is a page before the change. What did not change is as in the page itself; an ID of 0 is not said.
type PriorPage struct {
	ID        int64
	Namespace int32
	Unsaid    bool   // the namespace is not said; Namespace is then that of the page itself
	Title     string // with prefix; empty: not said
}

// Revision is the page's current revision. A suppressed delete has no hashes.
type Revision struct {
	ID          int64
	Time        time.Time // zero: not said. Of an undeleted revision, older than the change
	SHA1        string
	ContentSHA1 string // of the main slot; empty: not said
	Model       string // content model of the main slot; empty: not said
	Others      []Slot // beside the main slot, by role
}

// Slot is a part of a revision's content.
type Slot struct{ Role, Model, SHA1 string }

// Form is what a rendering of the revision depends on beside the text of its main slot: the content model, and the other slots. It is empty
// where nothing of it is said.
func (r *Revision) Form() string {
	if len(r.Others) == 0 {
		return r.Model
	}
	var d xxhash.Digest
	for _, s := range r.Others {
		_, _ = fmt.Fprintf(&d, "%q %q %q ", s.Role, s.Model, s.SHA1)
	}
	return fmt.Sprintf("%s %016x", r.Model, d.Sum64())
}

// ChangeKind is what happened to a page.
type ChangeKind uint8

// The kinds of changes. The zero kind is none.
const (
	Create ChangeKind = iota + 1
	Edit
	Move
	Delete
	Undelete
	VisibilityChange
)

var changeKinds = [...]string{"", "create", "edit", "move", "delete", "undelete", "visibility_change"}

// ParseChangeKind reads the name of a kind as events spell it.
func ParseChangeKind(name string) (ChangeKind, error) {
	for i, n := range changeKinds {
		if n == name && i > 0 {
			return ChangeKind(i), nil
		}
	}
	return 0, fmt.Errorf("unknown kind of change %s", codecs.Quote(name))
}

// String returns the kind's name as events spell it.
func (k ChangeKind) String() string {
	if k > 0 && int(k) < len(changeKinds) {
		return changeKinds[k]
	}
	return fmt.Sprintf("change kind %d", uint8(k))
}
