package engine

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/eddystream/eddy/topology/internal/changelog"
)

// restoration is the loading of an assignment's own tables. A nil one has nothing to load.
type restoration struct {
	loads *errgroup.Group
	end   context.CancelFunc
}

// restore begins to bring the own tables of all tasks to their changelogs' ends, side by side, while the group opens the joins.
func (a *assignment) restore(ctx context.Context) {
	ctx, end := context.WithCancel(ctx)
	loads, ctx := errgroup.WithContext(ctx)
	a.restoration = &restoration{loads: loads, end: end}
	for _, t := range a.tasks {
		for _, r := range t.stores {
			t.life.to(restoring)
			loads.Go(func() error { return r.restore(ctx) })
		}
	}
}

// wait returns when all are loaded, or with the first error.
func (r *restoration) wait() error {
	if r == nil {
		return nil
	}
	return r.loads.Wait()
}

// stop ends what is still being loaded.
func (r *restoration) stop() {
	if r == nil {
		return
	}
	r.end()
	_ = r.loads.Wait() // the assignment is over
}

// restore brings the table to its changelog's end.
func (r *rows) restore(ctx context.Context) error {
	t := r.task
	var index *changelog.Derived
	if r.timers != nil {
		index = derived(r.timers.index.table)
	}
	// What the owner before has committed must be there, so a transaction of its that is still open is waited for.
	loaded, err := t.p.e.opts.Reader.Load(ctx, r.table, r.tp.Topic, r.tp.Partition,
		changelog.AsOwner(), changelog.ToHighWatermark(), changelog.WithDerived(index))
	if err != nil {
		return fmt.Errorf("table %q partition %d: %w", r.tp.Topic, r.tp.Partition, err)
	}
	r.stale, r.staleFrom = loaded.Stale, loaded.Progress.StaleFrom
	r.epoch = loaded.Epoch
	r.ends.Store(loaded.Offset)
	t.p.recovered(r.tp.Topic, r.tp.Partition, loaded)
	return nil
}

// derived is what is kept in step with the copy of a partition of an own table; nil: nothing.
func (p *processor) derived(role, topic string, partition int32) (*changelog.Derived, error) {
	for _, def := range p.k.Timers {
		if role != roleOwn || def.Table.Topic.Name != topic {
			continue
		}
		index, err := p.table(roleIndex, topic, partition)
		if err != nil {
			return nil, err
		}
		return derived(index), nil
	}
	return nil, nil
}

// loadedEpoch is the greatest epoch in the changelogs when they were loaded.
func (t *task) loadedEpoch() int64 {
	epoch := int64(0)
	for _, r := range t.stores {
		epoch = max(epoch, r.epoch)
	}
	return epoch
}

// loadAhead brings the copies of own tables, of all partitions, to their ends before the first assignment, so that it is short.
func (p *processor) loadAhead(ctx context.Context) error {
	loads, ctx := errgroup.WithContext(ctx)
	for _, def := range p.k.OwnTables() {
		for partition := range p.partitions {
			loads.Go(func() error { return p.load(ctx, roleOwn, def.Topic.Name, partition) })
		}
	}
	return loads.Wait()
}

// standBy follows the own tables of the partitions that other members own, where that is asked for, until the assignment is closed.
func (a *assignment) standBy(ctx context.Context) error {
	if !a.p.e.opts.Standby {
		return nil
	}
	for _, def := range a.p.k.OwnTables() {
		for partition := range a.p.partitions {
			if a.session.Has(partition) {
				continue
			}
			_, stop, err := a.p.replicate(ctx, roleOwn, def.Topic.Name, partition, &news{})
			if err != nil {
				return err
			}
			a.standby = append(a.standby, stop)
		}
	}
	return nil
}
