package engine

import (
	"bytes"
	"context"
	"time"

	"github.com/eddystream/eddy/topology/internal/changelog"
)

// maintain does what is to be done now and then, until the run ends: it purges internal streams, and looks for what former owners wrote to
// changelogs.
func (e *Engine) maintain(processors []*processor) {
	interval := e.opts.PurgeInterval
	if interval == 0 {
		interval = time.Minute
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	purger := newPurger(e)
	for {
		select {
		case <-e.ctx.Done():
			return
		case <-ticker.C:
		}
		if err := purger.purge(e.ctx, processors); err != nil && e.ctx.Err() == nil {
			e.opts.Logger.Warn("internal streams are not purged", "error", err)
		}
		for _, p := range processors {
			a := p.running.Load()
			if a == nil {
				continue
			}
			if err := a.inspect(); err != nil && a.writing.Err() == nil {
				p.log.Warn("inspect changelogs", "error", err)
			}
		}
	}
}

// inspect looks whether changelogs have got records of somebody else. A task that writes finds them by itself, another would not; topics are made so that compaction leaves what is younger than [cluster.CompactionLag] alone, which is much more than the time between
// two inspections.
func (a *assignment) inspect() error {
	c, ok := a.coordinator.(*atLeastOnce)
	tables := a.p.k.OwnTables()
	if !ok || len(tables) == 0 {
		return nil
	}
	topics := make([]string, len(tables))
	for i, def := range tables {
		topics[i] = def.Topic.Name
	}
	ends, err := a.p.e.opts.Client.Ends(a.writing, topics...)
	if err != nil {
		return err
	}
	for _, t := range a.tasks {
		for _, r := range t.stores {
			if err := c.check(a.writing, r, ends[r.tp.Topic][r.tp.Partition]); err != nil {
				a.leave(err) // what is healed is known again when the table is loaded
				return err
			}
		}
	}
	return nil
}

func (a *assignment) rewriteAllStale(ctx context.Context) error {
	for _, t := range a.tasks {
		for _, r := range t.stores {
			if err := a.rewriteStale(ctx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// rewriteStale writes the rows again whose last record in the changelog was written by a former owner behind a later one's.
func (a *assignment) rewriteStale(ctx context.Context, r *rows) error {
	if !r.stale.All && len(r.stale.Keys) == 0 {
		return nil
	}
	var list []change
	add := func(key, value []byte) error {
		if list = append(list, change{key: bytes.Clone(key), value: value}); len(list) < rowsAtOnce {
			return nil
		}
		err := a.coordinator.rewrite(ctx, changes{of: r, rows: list})
		list = nil
		return err
	}
	for _, key := range r.stale.Keys {
		value, err := r.stored(key)
		if err != nil {
			return err
		}
		if err := add(key, value); err != nil {
			return err
		}
	}
	if r.stale.All {
		if err := a.rewriteAll(ctx, r, add); err != nil {
			return err
		}
	}
	r.stale = changelog.Stale{}
	return a.coordinator.rewrite(ctx, changes{of: r, rows: list})
}

// rewriteAll writes all rows again, and a delete for every key in the log that has no row.
func (a *assignment) rewriteAll(ctx context.Context, r *rows, add func(key, value []byte) error) error {
	for row, err := range r.table.Range(nil, nil) {
		if err == nil {
			err = add(row.Key, bytes.Clone(row.Value))
		}
		if err != nil {
			return err
		}
	}
	for record, err := range a.p.e.opts.Reader.Read(ctx, r.tp, r.staleFrom, r.ends.Load()) {
		if err != nil {
			return err
		}
		if ok, err := r.table.Has(record.Key); err != nil {
			return err
		} else if ok {
			continue
		}
		if err := add(record.Key, nil); err != nil {
			return err
		}
	}
	return nil
}

// rowsAtOnce is how many rows are written again in one go.
const rowsAtOnce = 1000
