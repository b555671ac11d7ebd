package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/gokagroup"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// Roles of a table in a processor. One topic can be an own table of one processor and a join of another, with rows at different offsets.
const (
	roleOwn    = "own"
	roleJoin   = "join"
	roleLookup = "lookup"
	roleIndex  = "index" // of timers, by time; derived from an own table
)

// tableName names the local table of a partition. Neither groups nor topics contain a slash.
func tableName(group, role, topic string, partition int32) string {
	return fmt.Sprintf("%s/%s/%s/%d", group, role, topic, partition)
}

func (p *processor) table(role, topic string, partition int32) (*store.Table, error) {
	return p.e.opts.Store.Table(tableName(p.k.Group, role, topic, partition))
}

// held lists the partitions of which an own table is in the local store.
func (p *processor) held() ([]int32, error) {
	held := map[int32]bool{}
	for _, def := range p.k.OwnTables() {
		prefix := tableName(p.k.Group, roleOwn, def.Topic.Name, 0)
		prefix = prefix[:strings.LastIndexByte(prefix, '/')+1]
		for _, name := range p.e.opts.Store.Names() {
			rest, ok := strings.CutPrefix(name, prefix)
			if !ok {
				continue
			}
			partition, err := strconv.ParseInt(rest, 10, 32)
			if err != nil {
				continue
			}
			table, err := p.table(roleOwn, def.Topic.Name, int32(partition))
			if err != nil {
				return nil, err
			}
			if _, known, err := table.Offset(); err != nil {
				return nil, err
			} else if known {
				held[int32(partition)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(held)), nil
}

// Open implements [gokagroup.Host]. Own tables are no concern of the group's: they are restored when partitions are assigned, or stood by.
func (p *processor) Open(ctx context.Context, s *gokagroup.Session, topic string, partition int32) (func() error, error) {
	switch {
	case p.k.Own != nil && p.k.Own.Topic.Name == topic:
		return nothing, nil
	case s == nil: // ahead of the first assignment, so that it is short
		return nothing, p.load(ctx, roleJoin, topic, partition, nil)
	}
	return p.follow(ctx, s, topic, partition)
}

func nothing() error { return nil }

// load brings the local copy of a partition to its end.
func (p *processor) load(ctx context.Context, role, topic string, partition int32, footing *changelog.Footing) error {
	table, err := p.table(role, topic, partition)
	if err != nil {
		return err
	}
	derived, err := p.derived(role, topic, partition)
	if err != nil {
		return err
	}
	opts := []changelog.LoadOption{changelog.Screened(p.screen(p.tableOf(role, topic), false)), changelog.WithDerived(derived)}
	if footing != nil {
		opts = append(opts, changelog.Standing(*footing))
	}
	loaded, err := p.e.opts.Reader.Load(ctx, table, topic, partition, opts...)
	if err != nil {
		return p.wayOut(err)
	}
	p.recovered(topic, partition, loaded)
	return nil
}

// wayOut adds to an error what can be done about it, if it is of state that is missing.
func (p *processor) wayOut(err error) error {
	switch {
	case errors.Is(err, cluster.ErrStateMissing):
		return fmt.Errorf("%w; %s", err, cluster.WayOut(p.k.Name))
	case errors.Is(err, cluster.ErrHangs):
		return fmt.Errorf("%w, and what it was made from is processed again; where the topic has lost its tail, %s", err, cluster.WayOut(p.k.Name))
	}
	return err
}

// tableOf is an own table of the processor, or a joined one, with the codec of its rows.
func (p *processor) tableOf(role, topic string) *kernel.Table {
	if role == roleJoin {
		return p.k.Joins[p.joinIndex(topic)]
	}
	if def := p.timersOf(topic); def != nil {
		return timesOf(def)
	}
	own := p.k.OwnTables()
	return own[slices.IndexFunc(own, func(def *kernel.Table) bool { return def.Topic.Name == topic })]
}

// joinIndex is the place of a joined table.
func (p *processor) joinIndex(topic string) int {
	return slices.IndexFunc(p.k.Joins, func(def *kernel.Table) bool { return def.Topic.Name == topic })
}

// follow keeps a joined table at its end until the returned function is called. It returns when it is there.
func (p *processor) follow(ctx context.Context, s *gokagroup.Session, topic string, partition int32) (func() error, error) {
	var t *task
	if s.Has(partition) {
		t = p.building.tasks[partition]
		t.life.to(restoring)
	}
	changed := &news{}
	replica, closeReplica, err := p.replicate(ctx, roleJoin, topic, partition, nil, changed)
	if err != nil {
		return nil, err
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

// replicate begins to follow a partition of a table, and returns what ends that.
func (p *processor) replicate(ctx context.Context, role, topic string, partition int32, footing *changelog.Footing, changed *news) (*changelog.Replica, func() error, error) {
	table, err := p.table(role, topic, partition)
	if err != nil {
		return nil, nil, err
	}
	derived, err := p.derived(role, topic, partition)
	if err != nil {
		return nil, nil, err
	}
	replica, err := p.e.opts.Reader.NewReplica(ctx, changelog.ReplicaConfig{
		Topic: topic, Partitions: []int32{partition}, Footing: footing, Derived: derived,
		Open:   func(int32) (*store.Table, error) { return table, nil },
		Screen: p.screen(p.tableOf(role, topic), false),
		Loaded: func(partition int32, l changelog.Loaded) { p.recovered(topic, partition, l) },
		Changed: func(_ int32, keys [][]byte) {
			changed.add(keys)
			p.e.changed.raise()
		},
	})
	if err != nil {
		return nil, nil, err
	}
	running, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		err := replica.Run(running)
		if err != nil && running.Err() == nil {
			p.e.fail(&ProcessError{Processor: p.k.Name, Topic: topic, Partition: partition, Offset: -1, Err: p.wayOut(err)})
		}
		ended <- err
	}()
	return replica, func() error {
		stop()
		if err := <-ended; err != nil {
			p.log.Debug("table is no longer followed", "topic", topic, "partition", partition, "error", err) // the run has it
		}
		return nil
	}, nil
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
	t.joins[i] = newReader(t, a.p.k.Joins[i], r.Table(t.partition).Get, r.Table(t.partition).GetMany)
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
