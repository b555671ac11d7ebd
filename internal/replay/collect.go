package replay

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// Position is a place in the logs of what a pipeline sends out.
type Position struct{ requests, cascades topology.Positions }

// Here returns the present end of the logs.
func Here(ctx context.Context, cfg topology.Config) (Position, error) {
	var p Position
	var err error
	if p.requests, err = topology.Ends(ctx, cfg, tables.RerenderRequests); err != nil {
		return p, err
	}
	p.cascades, err = topology.Ends(ctx, cfg, tables.CascadeEvents)
	return p, err
}

// Collect reads what the pipeline sent out between two positions.
func Collect(ctx context.Context, cfg topology.Config, from, to Position) (*Outcome, error) {
	o := &Outcome{}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return topology.Read(ctx, cfg, tables.RerenderRequests, from.requests, to.requests,
			func(_ context.Context, r *topology.Record[tables.PageKey, tables.Request]) error {
				o.Request(r.Value)
				return nil
			})
	})
	group.Go(func() error {
		return topology.Read(ctx, cfg, tables.CascadeEvents, from.cascades, to.cascades,
			func(_ context.Context, r *topology.Record[tables.CascadeID, tables.CascadeEvent]) error {
				o.Cascade(r.Value)
				return nil
			})
	})
	return o, group.Wait()
}
