package changelog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// ReplicaConfig is what a replica copies, and who is told of it.
type ReplicaConfig struct {
	// Topic is the table topic. Required.
	Topic string
	// Partitions are those that are copied. Defaults to all that the topic has.
	Partitions []int32
	// Open returns the table that a partition is copied to. It is called once for each partition, by [Reader.NewReplica]. Required.
	Open func(partition int32) (*store.Table, error)
	// Footing has a load refuse a changelog that has less than the group of the table's owner committed, or than the copy; see [Standing].
	// Defaults to a copy that is cleared where it is not one of this log.
	Footing *Footing
	// Loaded is told of each partition once, when it has been loaded. Defaults to nobody.
	Loaded func(partition int32, l Loaded)
	// Changed is told the keys of each partition whose rows have changed since it was loaded. It is called after the rows can be read, and
	// before [Replica.Applied] returns for them: whoever then forgets what it knows of a key, and reads it, reads nothing older. One
	// call at a time for a partition; keys are valid during the call and may repeat. Defaults to nobody.
	Changed func(partition int32, keys [][]byte)
	// Screen keeps out what is no row. Defaults to none.
	Screen *Screen
	// Derived is kept in step with the one partition that is copied. Defaults to nothing.
	Derived *Derived
}

// Replica is a copy of some partitions of a table topic that follows them, with reconnection. One writes, any number read. It is
// cheap: it has no connections of its own, so there may be one for each partition that a member is assigned.
type Replica struct {
	reader *Reader
	config ReplicaConfig
	whole  bool // all partitions of the topic
	copies map[int32]*partitionCopy

	toLoad    atomic.Int32 // partitions
	recovered chan struct{}
	stopped   chan struct{}
	stop      sync.Once
}

// partitionCopy is one partition of a replica.
type partitionCopy struct {
	tp       kernel.TopicPartition
	table    *store.Table
	position Position
	applier  *applier // of one that is moved by [Replica.Step]
}

// NewReplica returns a replica. It does no I/O but a look-up of the topic's partitions, where none are given.
func (r *Reader) NewReplica(ctx context.Context, c ReplicaConfig) (*Replica, error) {
	p := &Replica{
		reader: r, config: c, whole: c.Partitions == nil, copies: map[int32]*partitionCopy{},
		recovered: make(chan struct{}), stopped: make(chan struct{}),
	}
	partitions := c.Partitions
	if p.whole {
		n, err := r.cluster.Partitions(ctx, c.Topic)
		if err != nil {
			return nil, err
		}
		for i := range n {
			partitions = append(partitions, i)
		}
	}
	for _, i := range partitions {
		if p.copies[i] != nil {
			return nil, fmt.Errorf("partition %d of topic %q is given twice", i, c.Topic)
		}
		t, err := c.Open(i)
		if err != nil {
			return nil, err
		}
		p.copies[i] = &partitionCopy{tp: kernel.TopicPartition{Topic: c.Topic, Partition: i}, table: t}
	}
	p.toLoad.Store(int32(len(p.copies)))
	if len(p.copies) == 0 {
		close(p.recovered)
	}
	return p, nil
}

// Run loads and then follows until ctx is done, and then returns nil. Another error is final: of the store, a topic that is gone or
// was made anew, records that were deleted before they were read, a right that is missing. Run is called once.
func (p *Replica) Run(ctx context.Context) error {
	defer p.stop.Do(func() { close(p.stopped) })
	group, running := errgroup.WithContext(ctx)
	for _, c := range p.copies {
		group.Go(func() error { return p.run(running, c) })
	}
	group.Go(func() error { // also a replica of nothing runs until it is stopped
		<-running.Done()
		return nil
	})
	err := group.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("follow table %q: %w", p.config.Topic, err)
}

// run copies one partition. Whenever it cannot go on it is loaded again, which finds out what has become of the partition. Readers rely
// on what they once had: after the first time a table that would have to be cleared is an error.
func (p *Replica) run(ctx context.Context, c *partitionCopy) error {
	load := loading{table: c.table, tp: c.tp, screen: p.config.Screen, footing: p.config.Footing, derived: p.config.Derived}
	tries := p.reader.attempts(c.tp)
	for {
		loaded, a, err := p.reader.loadUntil(ctx, load)
		if err != nil {
			return err
		}
		c.position.Advance(loaded.Offset)
		if !load.keep {
			p.loadedFirst(c, loaded)
			load.keep = true
			if p.config.Changed != nil {
				load.changed = func(keys [][]byte) { p.config.Changed(c.tp.Partition, keys) }
			}
			a.changed = load.changed
		}
		progress, err := p.follow(ctx, c, a)
		if progress {
			tries.reset()
		}
		if err := tries.failed(ctx, err); err != nil {
			return err
		}
	}
}

// loadedFirst is called when a partition was loaded for the first time; the last one recovers the replica.
func (p *Replica) loadedFirst(c *partitionCopy, l Loaded) {
	if p.config.Loaded != nil {
		p.config.Loaded(c.tp.Partition, l)
	}
	if p.toLoad.Add(-1) == 0 {
		close(p.recovered)
	}
}

// follow applies what comes behind what is loaded, until ctx is done or an error.
func (p *Replica) follow(ctx context.Context, c *partitionCopy, a *applier) (progress bool, err error) {
	id, err := c.table.Identity()
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrStore, err)
	}
	s, err := p.reader.poller.subscribe(ctx, c.tp, id.Topic, a.progress.Next)
	if err != nil {
		return false, err
	}
	defer p.reader.poller.unsubscribe(s)
	var said throttle
	for {
		select {
		case <-ctx.Done():
			return progress, ctx.Err()
		case u, open := <-s.answers:
			if !open {
				return progress, s.err
			}
			dropped, err := a.apply(ctx, u.answer, u.asOf)
			p.reader.poller.received(s, u)
			if err != nil {
				return progress, err
			}
			c.position.Advance(a.progress.Next)
			progress = true
			if dropped > 0 && said.allow() {
				p.reader.log.Warn("records of a former owner are dropped", "topic", c.tp.Topic, "partition", c.tp.Partition, "offset", u.next)
			}
		}
	}
}

// Recovered is closed once all partitions have been loaded.
func (p *Replica) Recovered() <-chan struct{} { return p.recovered }

// Stopped is closed when Run has returned.
func (p *Replica) Stopped() <-chan struct{} { return p.stopped }

// Table returns the table of a partition; nil if it is not copied.
func (p *Replica) Table(partition int32) *store.Table {
	c := p.copies[partition]
	if c == nil {
		return nil
	}
	return c.table
}

// Partitions is how many are copied.
func (p *Replica) Partitions() int32 { return int32(len(p.copies)) }

// Position is the offset below which the partition's table has applied everything; 0 before it is loaded.
func (p *Replica) Position(partition int32) int64 {
	if c := p.copies[partition]; c != nil {
		return c.position.Next()
	}
	return 0
}

// Applied waits until the partition's table has applied everything below the offset next. The error is that of ctx, or [ErrStopped].
func (p *Replica) Applied(ctx context.Context, partition int32, next int64) error {
	c := p.copies[partition]
	if c == nil {
		return fmt.Errorf("partition %d of table %q is not copied", partition, p.config.Topic)
	}
	if c.position.Wait(ctx, next, p.stopped) {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return fmt.Errorf("table %q: %w", p.config.Topic, ErrStopped)
}

// Settle waits until every partition has applied its topic's end as read at the call. The error is that of ctx, of the cluster, or
// [ErrStopped].
func (p *Replica) Settle(ctx context.Context) error {
	select {
	case <-p.recovered:
	case <-ctx.Done():
		return ctx.Err()
	case <-p.stopped:
		if !isClosed(p.recovered) {
			return fmt.Errorf("table %q: %w", p.config.Topic, ErrStopped)
		}
	}
	all, err := p.reader.Ends(ctx, p.config.Topic)
	if err != nil {
		return err
	}
	ends := all[p.config.Topic]
	if p.whole && len(ends) != len(p.copies) {
		return fmt.Errorf("table %q has %d partitions and is read as having %d", p.config.Topic, len(ends), len(p.copies))
	}
	var errs []error
	for partition := range p.copies {
		if int(partition) >= len(ends) {
			errs = append(errs, fmt.Errorf("topic %q has no partition %d", p.config.Topic, partition))
			continue
		}
		errs = append(errs, p.Applied(ctx, partition, ends[partition]))
	}
	return errors.Join(slices.DeleteFunc(errs, func(err error) bool { return err == nil })...)
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
