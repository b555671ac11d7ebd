package engine

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/fence"
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
	p, topic, partition := r.task.p, r.tp.Topic, r.tp.Partition
	index, err := p.derived(roleOwn, topic, partition)
	if err != nil {
		return err
	}
	// What the owner before has committed must be there, so a transaction of its that is still open is waited for.
	loaded, err := p.e.opts.Reader.Load(ctx, r.table, topic, partition, changelog.AsOwner(), changelog.ToHighWatermark(p.k.Group),
		changelog.WithDerived(index),
		changelog.Screened(p.screen(r.def, true)), changelog.Standing(p.footing(r.task.a.found, topic, partition)))
	if err != nil {
		return fmt.Errorf("table %q partition %d: %w", topic, partition, p.wayOut(err))
	}
	r.stale, r.staleFrom = loaded.Stale, loaded.Progress.StaleFrom
	r.epoch = loaded.Epoch
	r.ends.Store(loaded.Offset)
	r.log = fence.Log{Topic: loaded.Topic, Start: loaded.Start, Next: loaded.Offset}
	p.recovered(topic, partition, loaded)
	return nil
}

// derived is what is kept in step with the copy of a partition of an own table; nil: nothing.
func (p *processor) derived(role, topic string, partition int32) (*changelog.Derived, error) {
	if role != roleOwn || p.timersOf(topic) == nil {
		return nil, nil //nolint:nilnil // see above
	}
	index, err := p.table(roleIndex, topic, partition)
	if err != nil {
		return nil, err
	}
	return derived(index), nil
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
	tables := p.k.OwnTables()
	if len(tables) == 0 {
		return nil
	}
	var all []int32
	for partition := range p.partitions {
		all = append(all, partition)
	}
	found, err := p.committedAt(ctx, all)
	if err != nil {
		return err
	}
	loads, ctx := errgroup.WithContext(ctx)
	for _, def := range tables {
		for _, partition := range all {
			footing := p.footing(found, def.Topic.Name, partition)
			loads.Go(func() error { return p.load(ctx, roleOwn, def.Topic.Name, partition, &footing) })
		}
	}
	return loads.Wait()
}

// standBy follows the own tables of the partitions that other members own, where that is asked for, until the assignment is closed.
func (a *assignment) standBy(ctx context.Context) error {
	tables := a.p.k.OwnTables()
	if !a.p.e.opts.Standby || len(tables) == 0 {
		return nil
	}
	var others []int32
	for partition := range a.p.partitions {
		if !a.session.Has(partition) {
			others = append(others, partition)
		}
	}
	found, err := a.p.committedAt(ctx, others)
	if err != nil {
		return err
	}
	for _, def := range tables {
		for _, partition := range others {
			footing := a.p.footing(found, def.Topic.Name, partition)
			_, stop, err := a.p.replicate(ctx, roleOwn, def.Topic.Name, partition, &footing, &news{})
			if err != nil {
				return err
			}
			a.standby = append(a.standby, stop)
		}
	}
	return nil
}
