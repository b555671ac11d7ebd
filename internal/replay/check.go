package replay

import (
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// check finds what the pipeline could not use, before anything is sent.
func check(sites *tables.Sites, ev *events.Event) error {
	if ev.Change != nil {
		return processors.AcceptChange(sites, ev.Change)
	}
	return processors.AcceptRender(sites, ev.Render)
}
