package oracle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eddystream/eddy/internal/simwiki"
)

// stale compares, for each living page of the wiki, what its last rendering showed with what a rendering would show now. It returns a line for each page
// that is stale or was never rendered.
func (p *player) stale() []string {
	var stale []string
	for _, id := range p.wiki.Living() {
		now, _ := p.wiki.Output(id)
		name, _, _ := p.wiki.Page(id)
		switch r := p.shown[id]; {
		case p.sc.Cold && !p.mayKnow(id):
		case r == nil:
			stale = append(stale, fmt.Sprintf("page %d %q was never rendered", id, simwiki.Prefixed(name)))
		case r.OutputSHA1 != now:
			stale = append(stale, fmt.Sprintf("page %d %q was last rendered by %s; now it shows\n    %s",
				id, simwiki.Prefixed(name), r.Meta.ID, strings.Join(p.wiki.Explain(id), "\n    ")))
		}
	}
	return slices.Clip(stale)
}
