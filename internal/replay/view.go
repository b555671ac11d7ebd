package replay

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/eddystream/eddy/topology"
)

// ReadTable runs a view of a table in memory, waits until it has recovered, and reads it.
func ReadTable[K, V any](ctx context.Context, cfg topology.Config, table topology.Table[K, V], read func(*topology.View[K, V]) error) error {
	return WithView(ctx, cfg, table, func(ctx context.Context, v *topology.View[K, V]) error {
		select {
		case <-v.Recovered():
			return read(v)
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// WithView runs a view of a table in memory for as long as read takes.
func WithView[K, V any](ctx context.Context, cfg topology.Config, table topology.Table[K, V], read func(context.Context, *topology.View[K, V]) error) (err error) {
	cfg.InMemory, cfg.DataDir = true, ""
	v, err := topology.OpenView(table, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	group, ctx := errgroup.WithContext(ctx)
	run, stop := context.WithCancel(ctx)
	group.Go(func() error { return v.Run(run) })
	group.Go(func() error {
		defer stop()
		return read(ctx, v)
	})
	return group.Wait()
}
