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
	v, err := open(ctx, table, cfg)
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

// open opens a view, and gives up when ctx ends: brokers that take connections and say nothing are asked for long. A view that comes later is
// closed.
func open[K, V any](ctx context.Context, table topology.Table[K, V], cfg topology.Config) (*topology.View[K, V], error) {
	type opened struct {
		view *topology.View[K, V]
		err  error
	}
	done := make(chan opened, 1)
	go func() {
		v, err := topology.OpenView(table, cfg)
		done <- opened{v, err}
	}()
	select {
	case o := <-done:
		return o.view, o.err
	case <-ctx.Done():
		go func() {
			if o := <-done; o.err == nil {
				_ = o.view.Close() // of a view that nobody has read
			}
		}()
		return nil, ctx.Err()
	}
}
