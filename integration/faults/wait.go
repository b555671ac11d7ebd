//go:build unix

package faults

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/eddystream/eddy/topology"
)

// await waits until a condition holds, which is looked at again whenever a worker logs something or ends. A worker that ends by
// itself is an error: an [*EndedError].
func (c *Cluster) await(ctx context.Context, what string, holds func() bool) error {
	for {
		c.mu.Lock()
		changed := c.changed
		c.mu.Unlock()
		for _, w := range c.Workers {
			if _, err := w.state(); err != nil {
				return fmt.Errorf("waiting for %s: %w", what, err)
			}
		}
		if holds() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w; %s", what, ctx.Err(), c.assignments())
		}
	}
}

// restPoll is a little less than the time in which workers commit what they have done.
const restPoll = 100 * time.Millisecond

// Settle waits until all that was sent is processed, and all that followed from it. A worker that ends by itself is an error.
func (c *Cluster) Settle(ctx context.Context) error {
	ctx, done := c.guard(ctx)
	err := c.settle(ctx)
	if err != nil {
		err = fmt.Errorf("waiting for rest: %w; %s", err, c.assignments())
	}
	return done(err)
}

func (c *Cluster) settle(ctx context.Context) error {
	if err := c.pipeline.flush(ctx); err != nil {
		return err
	}
	for {
		rest, err := topology.AtRest(ctx, c.pipeline.topology(), c.cfg)
		if rest || err != nil && !kerr.IsRetriable(err) { // such as a partition that has no leader for a moment
			return err
		}
		if err := pause(ctx, restPoll); err != nil {
			return err
		}
	}
}

// guard returns a context that ends when a worker ends by itself. Done ends it; to an error that comes of that it adds the reason.
func (c *Cluster) guard(ctx context.Context) (guarded context.Context, done func(error) error) {
	guarded, cancel := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		cancel(c.await(guarded, "the end", func() bool { return false }))
	}()
	return guarded, func(err error) error {
		cancel(nil)
		<-watched
		if cause := context.Cause(guarded); err != nil && !errors.Is(cause, guarded.Err()) {
			return errors.Join(cause, err)
		}
		return err
	}
}

// attempts bounds how often brokers are asked that may just have been started.
const attempts = 20

// again asks until there is an answer: a connection may be one to a broker that has died.
func again(ctx context.Context, ask func() error) error {
	for left := attempts; ; left-- {
		err := ask()
		if err == nil || left == 0 {
			return err
		}
		if err := errors.Join(pause(ctx, restPoll), err); ctx.Err() != nil {
			return err
		}
	}
}

// pause lets a time pass.
func pause(ctx context.Context, d time.Duration) error {
	over := time.NewTimer(d)
	defer over.Stop()
	select {
	case <-over.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
