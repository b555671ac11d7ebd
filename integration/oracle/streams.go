package oracle

import (
	"fmt"

	"github.com/eddystream/eddy/tables"
)

// Once returns a line for each page that one cascade asked for twice.
func Once(requests []tables.Request) []string {
	type asked struct {
		cascade tables.CascadeID
		wiki    string
		page    int64
		self    bool // the request for the changed page itself is none of the cascade's pages
	}
	seen := map[asked]int{}
	var twice []string
	for i, r := range requests {
		a := asked{r.Cascade.ID, r.WikiID, r.PageID, r.Reason == tables.LinkSelf}
		if before, ok := seen[a]; ok {
			twice = append(twice, fmt.Sprintf("page %d is asked for twice by cascade %s of %q: requests %d (%s, depth %d) and %d (%s, depth %d)",
				r.PageID, r.Cascade.ID, r.Cascade.Root.PageTitle, before, requests[before].Reason, requests[before].Depth, i, r.Reason, r.Depth))
		}
		seen[a] = i
	}
	return twice
}

// Ended returns a line for each cascade that did not run its course: started, expanded, and then
// complete or superseded, nothing behind the end; nothing twice, but with repeats, where batches
// were processed again. A request whose reason is not self must be of a cascade that was started.
//
// With repeats a cascade may also start and end never, if it asks for nothing: a walk that a late link sent before a crash, and that the
// link, processed again behind other records, does not send any more. Nobody then says that it was sent.
//
// Where renderings are lost it may be abandoned.
func Ended(requests []tables.Request, cascades []tables.CascadeEvent, repeats, lost bool) []string {
	var faults []string
	phases := map[tables.CascadeID][]tables.CascadeEvent{}
	for _, e := range cascades {
		phases[e.Cascade.ID] = append(phases[e.Cascade.ID], e)
	}
	asks := map[tables.CascadeID]bool{}
	for _, r := range requests {
		asks[r.Cascade.ID] = true
	}
	for id, run := range phases {
		if repeats && !asks[id] && run[len(run)-1].Phase == tables.PhaseStarted {
			continue
		}
		if fault := course(run, repeats, lost); fault != "" {
			faults = append(faults, fmt.Sprintf("cascade %s of %q: %s", id, run[0].Cascade.Root.PageTitle, fault))
		}
	}
	for _, r := range requests {
		if r.Reason != tables.LinkSelf && phases[r.Cascade.ID] == nil {
			faults = append(faults, fmt.Sprintf("page %d is asked for by cascade %s of %q, which never started", r.PageID, r.Cascade.ID, r.Cascade.Root.PageTitle))
		}
	}
	return faults
}

func course(run []tables.CascadeEvent, repeats, lost bool) string {
	if run[0].Phase != tables.PhaseStarted {
		return fmt.Sprintf("its first event says %q", run[0].Phase)
	}
	rank := map[tables.Phase]int{tables.PhaseStarted: 1, tables.PhaseExpanded: 2, tables.PhaseComplete: 3, tables.PhaseSuperseded: 3, tables.PhaseAbandoned: 3}
	expanded := false
	for i, e := range run {
		if !repeats && i > 0 && rank[e.Phase] <= rank[run[i-1].Phase] {
			return fmt.Sprintf("%q follows on %q", e.Phase, run[i-1].Phase)
		}
		expanded = expanded || e.Phase == tables.PhaseExpanded
	}
	last := run[len(run)-1]
	switch {
	case last.Phase == tables.PhaseComplete && !expanded:
		return "complete without having been expanded"
	case last.Phase == tables.PhaseComplete && last.Outstanding != 0:
		return fmt.Sprintf("complete with %d pages outstanding", last.Outstanding)
	case last.Phase != tables.PhaseComplete && last.Phase != tables.PhaseSuperseded && !(lost && last.Phase == tables.PhaseAbandoned):
		return fmt.Sprintf("it stays %q with %d pages outstanding", last.Phase, last.Outstanding)
	}
	return ""
}
