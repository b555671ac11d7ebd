package oracle

import (
	"context"
	"time"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables"
)

// System is the pipeline as a scenario sees it. It is used from one goroutine.
type System interface {
	// Send hands in one event; it may return before the event is processed.
	Send(ctx context.Context, e simwiki.Event) error
	// Settle returns when nothing is in flight.
	Settle(ctx context.Context) error
	// Requests returns every request so far, in the order of their stream; of several partitions
	// in any order between them. The caller does not change it.
	Requests() []tables.Request
	// Cascades returns every cascade event so far, likewise.
	Cascades() []tables.CascadeEvent
	// Derived returns the tables at rest.
	Derived() (*Derived, error)
}

// Waiter is a system whose clock can be moved.
type Waiter interface {
	// Wait returns when time has gone by, and nothing is in flight.
	Wait(ctx context.Context, by time.Duration) error
}
