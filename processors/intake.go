package processors

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology"
)

// Intake configures the processors that take events from topics that anybody writes: [tables.IncomingPageChanges] and [tables.IncomingRenders].
type Intake struct {
	// Registry has the schemas of values in Confluent's wire format. Defaults to none: such values are dead letters.
	Registry events.Registry
}

// intake makes events of what the producers of others send: it reads, checks and keys them, and sends them to where the pipeline reads them. What
// is no event becomes a dead letter with the reason, whatever the policy of the others is. A registry that is away is waited for.
//
// The events of an input partition are sent in their order. So those of a page keep theirs if its producer has kept them in one partition.
type intake[E any] struct {
	read   *events.Incoming[E]
	accept func(*tables.Sites, *E) error
	page   func(*E) tables.PageKey
	sites  *tables.Sites
	now    func() time.Time
	out    topology.Sink[tables.PageKey, E]
}

// registryPause is the first pause before a registry that is away is asked again; it grows.
const registryPause = 250 * time.Millisecond

func addIntake(b *topology.Builder, o Options) {
	intakeOf(b, "change-intake", tables.IncomingPageChanges, tables.PageChanges, &intake[events.PageChange]{
		read: events.IncomingChanges(o.Intake.Registry), accept: AcceptChange, sites: o.Sites, now: o.Now,
		page: func(c *events.PageChange) tables.PageKey { return tables.PageKey{Wiki: c.Wiki, ID: c.Page.ID} },
	})
	intakeOf(b, "render-intake", tables.IncomingRenders, tables.Renders, &intake[events.Render]{
		read: events.IncomingRenders(o.Intake.Registry), accept: AcceptRender, sites: o.Sites, now: o.Now,
		page: func(r *events.Render) tables.PageKey { return tables.PageKey{Wiki: r.Wiki, ID: r.Page.ID} },
	})
}

func intakeOf[E any](b *topology.Builder, name string, from topology.Stream[[]byte, []byte], to topology.Stream[tables.PageKey, E], h *intake[E]) {
	p := topology.AddProcessor(b, name, codecs.Bytes(),
		topology.OnError(topology.DeadLetter()),
		topology.OnError(topology.Retry(-1, registryPause, topology.DeadLetter()), topology.PhaseProcess))
	h.out = topology.Output(p, to)
	topology.Input(p, from).Handle(h.take)
}

// errNoValue is what is wrong with a tombstone: to delete a page there is an event.
var errNoValue = errors.New("the record has no value: a page that is deleted has an event, too")

func (h *intake[E]) take(ctx context.Context, r *topology.Record[[]byte, []byte]) error {
	if r.Deleted {
		return topology.InPhase(topology.PhaseDecode, errNoValue)
	}
	ev, ok, err := h.event(ctx, r.Value)
	switch {
	case errors.Is(err, events.ErrAway), err != nil && ctx.Err() != nil: // to be read later, here or elsewhere
		return err
	case err != nil:
		return topology.InPhase(topology.PhaseDecode, err)
	case !ok:
		return nil
	}
	// Its time is that of its sending: what is old or has a clock of its own would be deleted before it is read, or move the time of the pipeline.
	return h.out.Emit(r, h.page(&ev), ev, topology.At(h.now()))
}

// event reads and checks an event. A panic is an error of the event: it would not pass.
func (h *intake[E]) event(ctx context.Context, value []byte) (ev E, ok bool, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = codecs.Brief(fmt.Errorf("panic: %v\n%s", v, debug.Stack()))
		}
	}()
	if ev, ok, err = h.read.Read(ctx, value); err != nil || !ok {
		return ev, ok, err
	}
	return ev, true, h.accept(h.sites, &ev)
}
