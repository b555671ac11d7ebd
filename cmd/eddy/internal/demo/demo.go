// Package demo plays a wiki against a running pipeline: pages come to be, a simulated renderer answers every request,
// and a template that much of the wiki uses is edited.
package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eddystream/eddy/cmd/eddy/internal/deploy"
	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/dependents"
	"github.com/eddystream/eddy/topology"
)

// Demo is a wiki with its renderer.
type Demo struct {
	on       *deploy.Deployment
	town     *town
	renderer *renderer
	fresh    []simwiki.Event // changes not sent yet

	stop  context.CancelFunc
	ended chan struct{}
	err   error // of the renderer; readable once ended is closed
}

// New makes a wiki of so many articles on a running pipeline. The caller closes it before the pipeline.
func New(ctx context.Context, on *deploy.Deployment, seed uint64, articles int) (*Demo, error) {
	if articles < 1 {
		return nil, fmt.Errorf("a wiki of %d pages", articles)
	}
	d := &Demo{on: on, ended: make(chan struct{})}
	var err error
	if d.town, err = newTown(seed, articles, func(e simwiki.Event) { d.fresh = append(d.fresh, e) }); err != nil {
		return nil, err
	}
	d.renderer = newRenderer(d.town, d.send)
	run, stop := context.WithCancel(ctx)
	d.stop = stop
	go func() {
		defer close(d.ended)
		d.err = topology.Consume(run, on.Config, tables.RerenderRequests, d.renderer.answer)
	}()
	return d, nil
}

// Close stops the renderer.
func (d *Demo) Close() error {
	d.stop()
	<-d.ended
	if errors.Is(d.err, context.Canceled) {
		return nil
	}
	return d.err
}

// Pages returns the number of pages, templates included.
func (d *Demo) Pages() int { return len(d.town.wiki.Living()) }

func (d *Demo) send(ctx context.Context, e simwiki.Event) error {
	if e.Change != nil {
		return topology.Produce(ctx, d.on.App.Producer(), tables.PageChanges, e.PageKey(), *e.Change)
	}
	return topology.Produce(ctx, d.on.App.Producer(), tables.Renders, e.PageKey(), *e.Render)
}

// publish sends the changes that have been made.
func (d *Demo) publish(ctx context.Context) error {
	for _, e := range d.fresh {
		if err := d.send(ctx, e); err != nil {
			return err
		}
	}
	d.fresh = d.fresh[:0]
	return nil
}

// Load tells the pipeline of every page, and returns when each has been rendered once, as asked for. Progress is told
// how many were.
func (d *Demo) Load(ctx context.Context, progress func(rendered int)) error {
	if err := d.publish(ctx); err != nil {
		return err
	}
	return d.rest(ctx, progress)
}

// Result is what came of an edit.
type Result struct {
	Title   string        `json:"title"`   // its key
	Planned int           `json:"planned"` // pages that the reverse index foretold, without the early cutoff
	Tally   Tally         `json:"tally"`
	First   time.Duration `json:"first_ns"` // from the edit to the first request
	Asked   time.Duration `json:"asked_ns"` // to the last request
	Done    time.Duration `json:"done_ns"`  // to rest
	Stale   int           `json:"stale"`    // pages whose last rendering is not what it would be now
}

// Edit edits the popular template and waits until all that follows is done: what others see of it, or with hidden only
// what its own page shows. Progress is told how many pages have been asked for.
func (d *Demo) Edit(ctx context.Context, hidden bool, progress func(asked int)) (*Result, error) {
	id, title := d.town.popular()
	planned, err := d.plan(ctx, title)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if err := d.renderer.change(func() error { return d.town.edit(id, hidden) }); err != nil {
		return nil, err
	}
	if err := d.publish(ctx); err != nil {
		return nil, err
	}
	if err := d.renderer.save(ctx, id); err != nil {
		return nil, err
	}
	if err := d.rest(ctx, progress); err != nil {
		return nil, err
	}
	tally, _, _ := d.renderer.now()
	return &Result{
		Title: title.String(), Planned: planned, Tally: tally,
		First: tally.first.Sub(start), Asked: tally.last.Sub(start), Done: time.Since(start), Stale: d.renderer.stale(),
	}, nil
}

// Planned returns how many pages an edit of the popular template would ask for, and its key.
func (d *Demo) Planned(ctx context.Context) (pages int, title string, err error) {
	_, t := d.town.popular()
	pages, err = d.plan(ctx, t)
	return pages, t.String(), err
}

func (d *Demo) plan(ctx context.Context, title tables.Title) (pages int, err error) {
	err = replay.ReadTable(ctx, d.on.Config, tables.Dependents, func(v *topology.View[tables.Target, *tables.DependentsRow]) error {
		plan, err := dependents.PlanEdit(v, title)
		if err == nil {
			pages = len(plan.Pages)
		}
		return err
	})
	return pages, err
}

// rest waits until the pipeline is at rest and the renderer has answered all that was asked: twice, as an answer may
// make the pipeline ask again.
func (d *Demo) rest(ctx context.Context, progress func(int)) error {
	before := int64(-1)
	for {
		if err := d.watch(ctx, progress, d.on.App.Settle); err != nil {
			return err
		}
		ends, err := topology.Ends(ctx, d.on.Config, tables.RerenderRequests)
		if err != nil {
			return err
		}
		asked := int64(0)
		for _, end := range ends {
			asked += end
		}
		if err := d.watch(ctx, progress, func(ctx context.Context) error { return d.answered(ctx, asked) }); err != nil {
			return err
		}
		if asked == before {
			return nil
		}
		before = asked
	}
}

// answered waits until so many requests have been answered since the beginning.
func (d *Demo) answered(ctx context.Context, asked int64) error {
	for {
		_, handled, more := d.renderer.now()
		if handled >= asked {
			return nil
		}
		select {
		case <-more:
		case <-d.ended:
			return errors.Join(errors.New("the renderer ended"), d.err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// watch reports progress while something runs.
func (d *Demo) watch(ctx context.Context, progress func(int), run func(context.Context) error) error {
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	for {
		tally, _, more := d.renderer.now()
		progress(tally.Requested)
		select {
		case <-more:
		case err := <-done:
			tally, _, _ := d.renderer.now()
			progress(tally.Requested)
			return err
		}
	}
}
