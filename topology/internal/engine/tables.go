package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/gokagroup"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// Roles of a table in a processor. One topic can be an own table of one processor and a join of another, with rows at different offsets.
const (
	roleOwn    = "own"
	roleJoin   = "join"
	roleLookup = "lookup"
)

// tableName names the local table of a partition. Neither groups nor topics contain a slash.
func tableName(group, role, topic string, partition int32) string {
	return fmt.Sprintf("%s/%s/%s/%d", group, role, topic, partition)
}

func (p *processor) table(role, topic string, partition int32) (*store.Table, error) {
	return p.e.opts.Store.Table(tableName(p.k.Group, role, topic, partition))
}

// held lists the partitions whose own table is in the local store.
func (p *processor) held() ([]int32, error) {
	if p.k.Own == nil {
		return nil, nil
	}
	prefix := tableName(p.k.Group, roleOwn, p.k.Own.Topic.Name, 0)
	prefix = prefix[:strings.LastIndexByte(prefix, '/')+1]
	var held []int32
	for _, name := range p.e.opts.Store.Names() {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		partition, err := strconv.ParseInt(rest, 10, 32)
		if err != nil {
			continue
		}
		table, err := p.table(roleOwn, p.k.Own.Topic.Name, int32(partition))
		if err != nil {
			return nil, err
		}
		if _, known, err := table.Offset(); err != nil {
			return nil, err
		} else if known {
			held = append(held, int32(partition))
		}
	}
	slices.Sort(held)
	return held, nil
}

// Open implements [gokagroup.Host].
func (p *processor) Open(ctx context.Context, s *gokagroup.Session, topic string, partition int32) (func() error, error) {
	own := p.k.Own != nil && p.k.Own.Topic.Name == topic
	if own && s != nil && s.Has(partition) {
		t := p.building.tasks[partition]
		t.life.to(restoring)
		return nothing, t.restore(ctx)
	}
	role := roleJoin
	if own {
		role = roleOwn
	}
	if s == nil { // ahead of the first assignment, so that it is short
		table, err := p.table(role, topic, partition)
		if err != nil {
			return nil, err
		}
		footing, err := p.standbyFooting(ctx, role, topic, partition)
		if err != nil {
			return nil, err
		}
		opts := []changelog.LoadOption{changelog.Screened(p.screen(p.tableOf(role, topic), false))}
		if footing != nil {
			opts = append(opts, changelog.Standing(*footing))
		}
		loaded, err := p.e.opts.Reader.Load(ctx, table, topic, partition, opts...)
		if err != nil {
			return nil, err
		}
		p.recovered(topic, partition, loaded)
		return nothing, nil
	}
	return p.follow(ctx, s, role, topic, partition)
}

func nothing() error { return nil }

// tableOf is the processor's own table, or a joined one.
func (p *processor) tableOf(role, topic string) *kernel.Table {
	if role == roleOwn {
		return p.k.Own
	}
	return p.k.Joins[p.joinIndex(topic)]
}

// joinIndex is the place of a joined table.
func (p *processor) joinIndex(topic string) int {
	return slices.IndexFunc(p.k.Joins, func(def *kernel.Table) bool { return def.Topic.Name == topic })
}

// restore brings the own table of an assigned partition to its changelog's end.
func (t *task) restore(ctx context.Context) error {
	topic := t.p.k.Own.Topic.Name
	// What the owner before has committed must be there, so a transaction of its that is still open is waited for.
	loaded, err := t.p.e.opts.Reader.Load(ctx, t.own.table, topic, t.partition, changelog.AsOwner(), changelog.ToHighWatermark(),
		changelog.Screened(t.p.screen(t.p.k.Own, true)), changelog.Standing(t.p.footing(t.a.found, topic, t.partition)))
	if err != nil {
		return fmt.Errorf("table %q partition %d: %w", topic, t.partition, err)
	}
	t.epoch, t.stale = loaded.Epoch, loaded.Stale
	t.staleFrom = loaded.Progress.StaleFrom
	t.ends.Store(loaded.Offset)
	t.ownLog = fence.Log{Topic: loaded.Topic, Start: loaded.Start, Next: loaded.Offset}
	t.p.recovered(topic, t.partition, loaded)
	return nil
}

// follow keeps a joined table, or a standby copy, at its end until the returned function is called.
func (p *processor) follow(ctx context.Context, s *gokagroup.Session, role, topic string, partition int32) (func() error, error) {
	table, err := p.table(role, topic, partition)
	if err != nil {
		return nil, err
	}
	var t *task
	if role == roleJoin && s.Has(partition) {
		t = p.building.tasks[partition]
		t.life.to(restoring)
	}
	footing, err := p.standbyFooting(ctx, role, topic, partition)
	if err != nil {
		return nil, err
	}
	changed := &news{}
	replica, err := p.e.opts.Reader.NewReplica(ctx, changelog.ReplicaConfig{
		Topic: topic, Partitions: []int32{partition}, Footing: footing,
		Open:   func(int32) (*store.Table, error) { return table, nil },
		Screen: p.screen(p.tableOf(role, topic), false),
		Loaded: func(partition int32, l changelog.Loaded) { p.recovered(topic, partition, l) },
		Changed: func(_ int32, keys [][]byte) {
			changed.add(keys)
			p.e.changed.raise()
		},
	})
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		err := replica.Run(running)
		if err != nil && running.Err() == nil {
			p.e.fail(&ProcessError{Processor: p.k.Name, Topic: topic, Partition: partition, Offset: -1, Err: err})
		}
		ended <- err
	}()
	closeReplica := func() error {
		stop()
		if err := <-ended; err != nil {
			p.log.Debug("table is no longer followed", "topic", topic, "partition", partition, "error", err) // the run has it
		}
		return nil
	}
	select {
	case <-replica.Recovered():
	case <-replica.Stopped():
		return nil, errors.Join(closeReplica(), fmt.Errorf("table %q partition %d: %w", topic, partition, changelog.ErrStopped))
	case <-ctx.Done():
		return nil, errors.Join(closeReplica(), context.Cause(ctx))
	}
	if t != nil {
		p.building.join(t, topic, replica, changed)
	}
	return closeReplica, nil
}

// join is a joined table at a partition.
type join struct {
	tp      kernel.TopicPartition
	replica *changelog.Replica
}

// join makes a replica readable by its task.
func (a *assignment) join(t *task, topic string, r *changelog.Replica, changed *news) {
	i := a.p.joinIndex(topic)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.joins = append(a.joins, join{tp: kernel.TopicPartition{Topic: topic, Partition: t.partition}, replica: r})
	t.joins[i] = newReader(t, a.p.k.Joins[i], r.Table(t.partition).Get)
	t.joins[i].news, t.joins[i].side = changed, true
}

// recovered tells the observer.
func (p *processor) recovered(topic string, partition int32, l changelog.Loaded) {
	if f := p.e.opts.Observer.Recovered; f != nil {
		f(recoveredInfo(p.k.Name, topic, partition, l))
	}
}

func recoveredInfo(processor, topic string, partition int32, l changelog.Loaded) kernel.RecoveredInfo {
	return kernel.RecoveredInfo{
		Processor: processor, Topic: topic, Partition: partition, Records: l.Records, Offset: l.Offset,
		Rebuilt: l.Rebuilt, Reason: l.Reason, Took: l.Took,
	}
}

// OwnTable names the local copy of a partition of a group's table.
func OwnTable(group, topic string, partition int32) string {
	return tableName(group, roleOwn, topic, partition)
}
