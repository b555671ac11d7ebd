package compare

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Expected is what a generated wiki says of itself: how many pages each edit of a template
// makes stale.
type Expected struct {
	Pages     int    `json:"pages"`
	Templates int    `json:"templates"`
	Seed      uint64 `json:"seed"`
	Edges     int    `json:"edges_total"`
	Edits     []struct {
		Kind     string `json:"kind"`
		Title    string `json:"title"` // prefixed
		PageID   int64  `json:"page_id"`
		RevID    int64  `json:"rev_id"`
		Level    int    `json:"level"`
		Expected int    `json:"expected"` // pages to ask for, the edited page itself not counted
		Direct   int    `json:"direct"`   // of them with an edge to the title itself
	} `json:"edits"`
}

// ReadExpected reads an expected.json.
func ReadExpected(r io.Reader) (Expected, error) {
	var e Expected
	err := json.NewDecoder(r).Decode(&e)
	return e, err
}

// DirectReport is the outcome of [Direct].
type DirectReport struct {
	Edits  int
	Pages  int      // asked for by all their cascades
	Other  int      // requests of other cascades; reason self left out
	Faults []string // one for each edit whose count differs, and for each page asked for twice
}

// Err returns nil or an error with the number of faults and the first of them.
func (r *DirectReport) Err() error {
	if len(r.Faults) == 0 {
		return nil
	}
	return fmt.Errorf("%d faults, the first: %s", len(r.Faults), r.Faults[0])
}

func (r *DirectReport) String() string {
	s := fmt.Sprintf("edits %d, pages %d, other requests %d, faults %d\n", r.Edits, r.Pages, r.Other, len(r.Faults))
	if len(r.Faults) > 0 {
		s += "  " + strings.Join(r.Faults, "\n  ") + "\n"
	}
	return s
}

// Direct compares, for each edit, the number of different pages that its cascade asked for with
// the expected one; the edited page itself does not count on either side. The edits are the log
// of the edits, whose events name the cascades.
func Direct(expected Expected, edits []Event, requests []Request, cascadeID func(wiki string, root Title, eventID string) string) *DirectReport {
	report := &DirectReport{}
	cascades := map[[2]int64]string{}
	edited := map[string]int64{}
	for _, e := range edits {
		if e.Change == "" {
			continue
		}
		id := cascadeID(e.WikiID, e.Page.title(), e.Meta.ID)
		cascades[[2]int64{e.Page.PageID, e.Revision.RevID}] = id
		edited[id] = e.Page.PageID
	}
	asked := map[string]map[int64]int{}
	for _, r := range requests {
		page, ok := edited[r.Cascade.ID]
		if r.Reason == "self" || ok && r.PageID == page {
			continue
		}
		if !ok {
			report.Other++
			continue
		}
		if asked[r.Cascade.ID] == nil {
			asked[r.Cascade.ID] = map[int64]int{}
		}
		asked[r.Cascade.ID][r.PageID]++
		if n := asked[r.Cascade.ID][r.PageID]; n == 2 {
			report.Faults = append(report.Faults, fmt.Sprintf("cascade %q: page %d asked for twice", r.Cascade.ID, r.PageID))
		}
	}
	for _, e := range expected.Edits {
		report.Edits++
		id, ok := cascades[[2]int64{e.PageID, e.RevID}]
		if !ok {
			report.Faults = append(report.Faults, fmt.Sprintf("%s %q: revision %d is not in the log of the edits", e.Kind, e.Title, e.RevID))
			continue
		}
		report.Pages += len(asked[id])
		if n := len(asked[id]); n != e.Expected {
			report.Faults = append(report.Faults, fmt.Sprintf("%s %q: %d pages asked for, expected %d", e.Kind, e.Title, n, e.Expected))
		}
	}
	return report
}
