package oracle

import (
	"fmt"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables"
)

// blind returns a line for each request of a page that cannot see the change: nobody can, or
// neither what the page shows now nor its renderings, before the change and since, use the title. It holds where each change settled before the next.
func (p *player) blind(requests []tables.Request) []string {
	var faults []string
	var before, after *graph
	for _, r := range requests {
		if r.Reason == tables.LinkSelf {
			continue
		}
		if before == nil {
			before, after = newGraph(p.log[:p.stepped], p.stepped), newGraph(p.log, p.stepped)
		}
		about := fmt.Sprintf("page %d is asked for (%s, depth %d) by cascade %s of %q",
			r.PageID, r.Reason, r.Depth, r.Cascade.Kind, r.Cascade.Root.PageTitle)
		root := simwiki.Unprefixed(r.Cascade.Root.Namespace, r.Cascade.Root.PageTitle)
		switch {
		case p.hidden && p.stirred[r.Cascade.ID]:
			faults = append(faults, about+": the edit changed nothing that others see")
		case !before.reach(r.PageID)[root] && !after.reach(r.PageID)[root] && !p.wiki.Uses(r.PageID)[root]:
			faults = append(faults, about+", which it does not use")
		}
	}
	return faults
}
