package engine

import (
	"bytes"
	"context"
	"time"

	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/kernel"
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
				p.log.Warn("inspect changelog", "topic", p.k.Own.Topic.Name, "error", err)
			}
		}
	}
}

// inspect looks whether changelogs have got records of somebody else. A task that writes finds them by itself, another would not; topics are made so that compaction leaves what is younger than [cluster.CompactionLag] alone, which is much more than the time between
// two inspections.
func (a *assignment) inspect() error {
	c, ok := a.coordinator.(*atLeastOnce)
	if !ok || a.p.k.Own == nil {
		return nil
	}
	ends, err := a.p.e.opts.Client.Ends(a.writing, a.p.k.Own.Topic.Name)
	if err != nil {
		return err
	}
	for partition, t := range a.tasks {
		if err := c.check(a.writing, t, ends[a.p.k.Own.Topic.Name][partition]); err != nil {
			a.leave(err) // what is healed is known again when the table is loaded
			return err
		}
	}
	return nil
}

func (a *assignment) rewriteAllStale(ctx context.Context) error {
	for _, t := range a.tasks {
		if err := a.rewriteStale(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// rewriteStale writes the rows again whose last record in the changelog was written by a former owner behind a later one's.
func (a *assignment) rewriteStale(ctx context.Context, t *task) error {
	if !t.stale.All && len(t.stale.Keys) == 0 {
		return nil
	}
	var rows []change
	add := func(key, value []byte) error {
		if rows = append(rows, change{key: bytes.Clone(key), value: value}); len(rows) < rowsAtOnce {
			return nil
		}
		err := a.coordinator.rewrite(ctx, t, rows)
		rows = nil
		return err
	}
	for _, key := range t.stale.Keys {
		value, ok, err := t.own.table.Get(key)
		if err != nil {
			return err
		}
		if !ok {
			value = nil
		}
		if err := add(key, value); err != nil {
			return err
		}
	}
	if t.stale.All {
		if err := a.rewriteAll(ctx, t, add); err != nil {
			return err
		}
	}
	t.stale = changelog.Stale{}
	return a.coordinator.rewrite(ctx, t, rows)
}

// rewriteAll writes all rows again, and a delete for every key in the log that has no row.
func (a *assignment) rewriteAll(ctx context.Context, t *task, add func(key, value []byte) error) error {
	for row, err := range t.own.table.Range(nil, nil) {
		if err == nil {
			err = add(row.Key, bytes.Clone(row.Value))
		}
		if err != nil {
			return err
		}
	}
	tp := kernel.TopicPartition{Topic: a.p.k.Own.Topic.Name, Partition: t.partition}
	for r, err := range a.p.e.opts.Reader.Read(ctx, tp, t.staleFrom, t.ends.Load()) {
		if err != nil {
			return err
		}
		if ok, err := t.own.table.Has(r.Key); err != nil {
			return err
		} else if ok {
			continue
		}
		if err := add(r.Key, nil); err != nil {
			return err
		}
	}
	return nil
}

// rowsAtOnce is how many rows are written again in one go.
const rowsAtOnce = 1000
