package replay

import (
	"context"
	"time"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology"
)

// ToApp feeds the pipeline that an app runs in this process, which knows when it is at rest.
func ToApp(app *topology.App) Pipeline {
	p := app.Producer()
	return pipeline{producer: p, rest: func(ctx context.Context) error {
		if err := p.Flush(ctx); err != nil { // what was not delivered is at rest, too
			return err
		}
		return app.Settle(ctx)
	}}
}

// ToWorkers feeds a pipeline that other processes run. Whether it is at rest is asked for every now and then, so that
// settling takes longer than within one process.
func ToWorkers(p *topology.Producer, topo *topology.Topology, cfg topology.Config) Pipeline {
	return pipeline{producer: p, rest: func(ctx context.Context) error {
		if err := p.Flush(ctx); err != nil {
			return err
		}
		return pollRest(ctx, topo, cfg)
	}}
}

// restPoll is a little less than the time in which workers commit what they have done.
const restPoll = 100 * time.Millisecond

func pollRest(ctx context.Context, topo *topology.Topology, cfg topology.Config) error {
	again := time.NewTicker(restPoll)
	defer again.Stop()
	for {
		rest, err := topology.AtRest(ctx, topo, cfg)
		if err != nil || rest {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

type pipeline struct {
	producer *topology.Producer
	rest     func(context.Context) error
}

func (p pipeline) Change(ctx context.Context, page tables.PageKey, ev events.PageChange) error {
	return topology.Produce(ctx, p.producer, tables.PageChanges, page, ev)
}

func (p pipeline) Render(ctx context.Context, page tables.PageKey, ev events.Render) error {
	return topology.Produce(ctx, p.producer, tables.Renders, page, ev)
}

func (p pipeline) Settle(ctx context.Context) error { return p.rest(ctx) }
