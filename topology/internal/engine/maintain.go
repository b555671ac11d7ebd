package engine

import (
	"bytes"
	"context"
	"time"

	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// maintain does what is to be done now and then, until the run ends: it purges loops, and looks for what former owners wrote to changelogs.
func (e *Engine) maintain(processors []*processor) {
	interval := e.opts.PurgeInterval
	if interval == 0 {
		interval = time.Minute
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	gone := map[kernel.TopicPartition]int64{}
	for {
		select {
		case <-e.ctx.Done():
			return
		case <-ticker.C:
		}
		for _, p := range processors {
			a := p.running.Load()
			if a == nil {
				continue
			}
			if err := p.purge(e.ctx, a, gone); err != nil && e.ctx.Err() == nil {
				p.log.Warn("purge loop", "topic", p.k.Loop.Topic.Name, "error", err)
			}
			if err := a.inspect(); err != nil && a.writing.Err() == nil {
				p.log.Warn("inspect changelogs", "error", err)
			}
		}
	}
}

// purge deletes what is committed from the partitions of the loop that are assigned here. A loop is read by its own processor only, and it keeps its
// records for ever, because their age is that of what they are about and not that of the work; so without this it would only
// grow. What is gone already is not asked for again.
func (p *processor) purge(ctx context.Context, a *assignment, gone map[kernel.TopicPartition]int64) error {
	if p.k.Loop == nil {
		return nil
	}
	topic := p.k.Loop.Topic.Name
	committed, err := p.e.opts.Client.Committed(ctx, p.k.Group)
	if err != nil {
		return err
	}
	below := map[int32]int64{}
	for partition := range a.tasks {
		tp := kernel.TopicPartition{Topic: topic, Partition: partition}
		if at := committed[topic][partition]; at > gone[tp] {
			below[partition] = at
		}
	}
	if len(below) == 0 {
		return nil
	}
	if err := p.e.opts.Client.Purge(ctx, topic, below); err != nil {
		return err
	}
	for partition, at := range below {
		gone[kernel.TopicPartition{Topic: topic, Partition: partition}] = at
	}
	return nil
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
		value, ok, err := r.table.Get(key)
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
