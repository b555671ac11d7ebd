package oracle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables/events"
)

// Fresh compares, for each living page of the wiki, what its last rendering in the log showed
// with what a rendering would show now. It returns a line for each page that is stale or was
// never rendered. The last rendering is that with the greatest start; of several, the last to come;
// repeats do not count.
func Fresh(w *simwiki.Wiki, log []simwiki.Event) []string {
	last := map[int64]*events.Render{}
	seen := map[string]bool{}
	for _, e := range log {
		if r := e.Render; r != nil && !seen[r.Meta.ID] {
			seen[r.Meta.ID] = true
			if before := last[r.Page.ID]; before == nil || !r.Start.Before(before.Start) {
				last[r.Page.ID] = r
			}
		}
	}
	var stale []string
	for _, id := range w.Living() {
		now, _ := w.Output(id)
		name, _, _ := w.Page(id)
		switch r := last[id]; {
		case r == nil:
			stale = append(stale, fmt.Sprintf("page %d %q was never rendered", id, simwiki.Prefixed(name)))
		case r.OutputSHA1 != now:
			stale = append(stale, fmt.Sprintf("page %d %q was last rendered at %s (%s); now it shows\n    %s",
				id, simwiki.Prefixed(name), r.Start.Format(time.TimeOnly), r.Meta.ID, strings.Join(w.Explain(id), "\n    ")))
		}
	}
	return slices.Clip(stale)
}
