//go:build unix

package faults

import (
	"context"

	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// wiki is the pipeline of the command eddy, and a [Load].
type wiki struct {
	c        *Cluster
	topo     *topology.Topology
	events   *Load
	producer *topology.Producer
	to       replay.Pipeline
}

func newWiki(c *Cluster) (*wiki, error) {
	topo, err := processors.New(processors.Options{})
	if err != nil {
		return nil, err
	}
	producer, err := topology.OpenProducer(c.cfg)
	if err != nil {
		return nil, err
	}
	return &wiki{c: c, topo: topo, events: NewLoad(c.Seed), producer: producer, to: replay.ToWorkers(producer, topo, c.cfg)}, nil
}

func (w *wiki) topology() *topology.Topology { return w.topo }

func (w *wiki) program() (path string, args []string) {
	return w.c.Eddy, []string{"run", "--log-format", "json", "--witness-after", "1h"} // a worker that stands still loses no change
}

func (w *wiki) found(ctx context.Context) error { return w.send(ctx, w.events.Found()) }

func (w *wiki) flood(ctx context.Context, n int) error { return w.send(ctx, w.events.Flood(n)) }

// last edits every template.
func (w *wiki) last(ctx context.Context) error { return w.send(ctx, w.events.EditAll()) }

func (w *wiki) flush(ctx context.Context) error { return w.producer.Flush(ctx) }

func (w *wiki) send(ctx context.Context, events []simwiki.Event) error {
	for _, e := range events {
		var err error
		if e.Change != nil {
			err = w.to.Change(ctx, e.PageKey(), *e.Change)
		} else {
			err = w.to.Render(ctx, e.PageKey(), *e.Render)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// follow counts renderings: each makes one record of the page's links that come and go.
func (w *wiki) follow(ctx context.Context) (func(context.Context, func()) error, error) {
	from, err := topology.Ends(ctx, w.c.cfg, tables.LinkChanges)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, processed func()) error {
		return topology.Consume(ctx, w.c.cfg, tables.LinkChanges,
			func(_ context.Context, r *topology.Record[tables.PageKey, tables.LinkChange]) error {
				if r.Value.Type == tables.LinkPage && r.Offset() >= from[r.Partition()] {
					processed()
				}
				return nil
			})
	}, nil
}

func (w *wiki) tables() []string {
	return []string{
		tables.Pages.Topic(), tables.Titles.Topic(), tables.Links.Topic(), tables.Dependents.Topic(), tables.RequestParts.Topic(),
		tables.Cascades.Topic(), tables.CascadeParts.Topic(),
		"eddy-cascades-ends-timers", "eddy-requests-late-timers", "eddy-links-overdue-timers",
	}
}

// unwritten are the table of requests, which has what releases before v2 wrote, and that of pages with very many links.
func (w *wiki) unwritten() []string {
	return []string{tables.Requests.Topic(), tables.LinksParts.Topic()}
}

func (w *wiki) streams() []string {
	return []string{
		tables.Lives.Topic(), tables.Claims.Topic(), tables.TitleChanges.Topic(), tables.TargetUpdates.Topic(), tables.Uses.Topic(),
		tables.Asks.Topic(), tables.CascadeProgress.Topic(), tables.RequestClosings.Topic(),
	}
}

func (w *wiki) inputs() []string { return []string{tables.PageChanges.Topic(), tables.Renders.Topic()} }

func (w *wiki) outputs() []string { return []string{tables.LinkChanges.Topic()} }

func (w *wiki) stores(dir string) ([]topologytest.LocalTable, error) {
	return topologytest.LocalTables(dir, w.topo.Name())
}

// close leaves behind what was not acknowledged: a schedule that ends with a worker's refusal waits for nothing, and flush has told all others.
func (w *wiki) close() error {
	_ = w.producer.Close()
	return nil
}
