//go:build unix

package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/eddystream/eddy/internal/simwiki"
)

// Run is one schedule on one cluster.
type Run struct {
	*Cluster

	Load   *Load
	Random *rand.Rand

	flood *flood
}

// Play runs a schedule on a new cluster, with a load and moments that are drawn from the seed, and judges what is left. The error says
// what did not run as it has to: a worker that ended, or something that was waited for until the end of ctx.
func Play(ctx context.Context, s Schedule, seed uint64, cfg Config) (_ *Verdict, err error) {
	cfg.Workers = s.Workers
	c, err := NewCluster(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	ctx, done := c.guard(ctx)
	defer func() { err = done(err) }()
	r := &Run{Cluster: c, Load: NewLoad(seed), Random: rand.New(rand.NewPCG(seed, 2))}
	if err := r.play(ctx, s); err != nil {
		return nil, fmt.Errorf("schedule %s: %w", s.Name, err)
	}
	v, err := r.judge(ctx)
	if err != nil {
		return nil, fmt.Errorf("schedule %s: judging: %w", s.Name, err)
	}
	return v, nil
}

// play founds the wiki, runs the schedule, and leaves no worker running.
func (r *Run) play(ctx context.Context, s Schedule) error {
	if err := inOrder(ctx, r.startAll, r.sending(r.Load.Found()), r.Settle); err != nil {
		return err
	}
	r.flood = newFlood(r.Cluster, r.Load)
	if err := r.flood.watch(ctx); err != nil {
		return err
	}
	err := errors.Join(s.Do(ctx, r), r.flood.close())
	if err != nil {
		return err
	}
	return inOrder(ctx, r.whole(r.Workers...), r.Settle, r.finish)
}

// finish lets all workers begin once more, from what they have on disk, and edits every template: by then no former process can
// write any more, and what was lost shows. At the end each worker in turn has everything, so that no store is left as it was when
// its partition went elsewhere.
func (r *Run) finish(ctx context.Context) error {
	if err := inOrder(ctx, r.stopAll, r.startAll, r.Settle, r.sending(r.Load.EditAll()), r.Settle, r.stopAll); err != nil {
		return err
	}
	for _, w := range r.Workers {
		if err := inOrder(ctx, w.Start, r.whole(w), r.Settle, w.Stop); err != nil {
			return fmt.Errorf("worker %s alone: %w", w.Name, err)
		}
	}
	return nil
}

func (r *Run) startAll(ctx context.Context) error {
	for _, w := range r.Workers {
		if err := w.Start(ctx); err != nil {
			return err
		}
	}
	return r.Whole(ctx, r.Workers...)
}

func (r *Run) stopAll(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, w := range r.Workers {
		group.Go(func() error { return w.Stop(ctx) })
	}
	return group.Wait()
}

// step is a part of what a schedule does.
type step = func(context.Context) error

// inOrder does one step after the other, up to the first error.
func inOrder(ctx context.Context, steps ...step) error {
	for _, do := range steps {
		if err := do(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *Run) sending(list []simwiki.Event) step {
	return func(ctx context.Context) error { return r.Send(ctx, list) }
}

func (r *Run) whole(workers ...*Worker) step {
	return func(ctx context.Context) error { return r.Whole(ctx, workers...) }
}

// victim draws a worker, and returns the others too.
func (r *Run) victim() (*Worker, []*Worker) {
	i := r.Random.IntN(len(r.Workers))
	return r.Workers[i], slices.Delete(slices.Clone(r.Workers), i, i+1)
}
