package simwiki

import (
	"time"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// Event is one thing that a wiki sends: exactly one field is set.
type Event struct {
	Change *events.PageChange
	Render *events.Render
}

// PageKey returns the key under which the event travels.
func (e Event) PageKey() tables.PageKey {
	if e.Change != nil {
		return tables.PageKey{Wiki: e.Change.Wiki, ID: e.Change.Page.ID}
	}
	return tables.PageKey{Wiki: e.Render.Wiki, ID: e.Render.Page.ID}
}

// Time returns when the page changed, or when its rendering began.
func (e Event) Time() time.Time {
	if e.Change != nil {
		return e.Change.Time
	}
	return e.Render.Start
}

// ID returns the event's own id.
func (e Event) ID() string {
	if e.Change != nil {
		return e.Change.Meta.ID
	}
	return e.Render.Meta.ID
}
