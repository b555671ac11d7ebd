package compare

import (
	"fmt"
	"strings"
)

// Difference is one page that only one side asked for.
type Difference struct {
	Line   int    // index of the change's line in the cascades file; -1: it has none
	DT     string // of the change
	Kind   string // of the change
	Title  string // of the changed page, prefixed
	PageID int64
	Note   string // what is known of it
}

func (d Difference) String() string {
	return fmt.Sprintf("%s %s %q: page %d: %s", d.DT, d.Kind, d.Title, d.PageID, d.Note)
}

// Report is the outcome of [MediaWiki]. Missing, TooMany and Unknown are faults; the other
// lists are the differences that are allowed, each with what allows it.
type Report struct {
	Changes int // compared
	Listed  int // of them with a line in the cascades file
	Same    int // pages that both sides asked for

	Missing []Difference // MediaWiki rendered it, nobody asked
	TooMany []Difference // asked, MediaWiki did not render it
	Unknown []Difference // a request of a cascade that is none of the log's changes, or a line without its change

	Cutoff    []Difference // spared by the early cutoff; its output did not change
	CutoffDue []Difference // spared, its output changed, and an earlier cascade had asked for it already
	Unnamed   []Difference // spared, its output changed, and by nothing that the events name: all that it used was the same
	Ties      []Difference // found by a render of the change's own second
	MovedAway []Difference // uses a title that was moved away without a redirect
	Gone      []Difference // at full speed: its link was gone again
}

// OK says whether there is no fault.
func (r *Report) OK() bool { return len(r.Missing)+len(r.TooMany)+len(r.Unknown) == 0 }

// Err returns nil or an error with the counts of the faults.
func (r *Report) Err() error {
	if r.OK() {
		return nil
	}
	return fmt.Errorf("%d pages missing, %d too many, %d unknown", len(r.Missing), len(r.TooMany), len(r.Unknown))
}

// String lists the counts, every fault, and of each kind of allowed difference the first ten.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "changes %d, with re-renders listed %d, pages asked for by both %d\n", r.Changes, r.Listed, r.Same)
	for _, part := range []struct {
		name  string
		list  []Difference
		limit int
	}{
		{"missing", r.Missing, 200},
		{"too many", r.TooMany, 200},
		{"unknown", r.Unknown, 200},
		{"spared by the cutoff, output unchanged", r.Cutoff, 10},
		{"spared by the cutoff, already due", r.CutoffDue, 10},
		{"spared by the cutoff, changed by nothing that the events name", r.Unnamed, 10},
		{"tie", r.Ties, 10},
		{"moved away", r.MovedAway, 10},
		{"link gone again", r.Gone, 10},
	} {
		fmt.Fprintf(&b, "%s: %d\n", part.name, len(part.list))
		for i, d := range part.list {
			if i == part.limit {
				fmt.Fprintf(&b, "  … %d more\n", len(part.list)-i)
				break
			}
			fmt.Fprintf(&b, "  %s\n", d)
		}
	}
	return b.String()
}
