package changelog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"github.com/eddystream/eddy/topology/internal/store"
)

// ErrStopped is returned by waits for a replica that has ended.
var ErrStopped = errors.New("replica has stopped")

// loadsAtOnce bounds the partitions that are loaded side by side.
const loadsAtOnce = 4

// Replica is a copy of all partitions of a table topic that follows it, with reconnection. One writes, any number read.
type Replica struct {
	reader    *Reader
	topic     string
	tables    []*store.Table
	positions []Position
	loaded    func(partition int32, l Loaded)

	recovered chan struct{}
	stopped   chan struct{}
	stop      sync.Once
}

// NewReplica returns a replica of a topic whose partitions are stored in the tables that open returns. It calls loaded, which may be
// nil, for every partition that was loaded. It does no I/O but a look-up of the partition count.
func (r *Reader) NewReplica(ctx context.Context, topic string, open func(partition int32) (*store.Table, error), loaded func(partition int32, l Loaded)) (*Replica, error) {
	n, err := r.cluster.Partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	p := &Replica{
		reader: r, topic: topic, loaded: loaded,
		tables: make([]*store.Table, n), positions: make([]Position, n),
		recovered: make(chan struct{}), stopped: make(chan struct{}),
	}
	for i := range p.tables {
		if p.tables[i], err = open(int32(i)); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Run loads and then follows until ctx is done, and then returns nil. Another error is final: of the store, a topic that is gone or
// was made anew, records that were deleted before they were read. Run is called once.
func (p *Replica) Run(ctx context.Context) error {
	defer p.stop.Do(func() { close(p.stopped) })
	err := p.run(ctx)
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("follow table %q: %w", p.topic, err)
}

func (p *Replica) run(ctx context.Context) error {
	tries := backoff.NewExponentialBackOff()
	tries.InitialInterval, tries.MaxInterval = 20*time.Millisecond, 2*time.Second
	for {
		if err := p.load(ctx); err != nil {
			return err
		}
		progress, err := p.follow(ctx)
		if ctx.Err() != nil || errors.Is(err, ErrStore) {
			return err
		}
		if progress {
			tries.Reset()
		}
		p.reader.log.Warn("table is followed anew", "topic", p.topic, "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(tries.NextBackOff()):
		}
	}
}

// load brings all partitions to their ends. Readers rely on what they once had: after the first time a table that would have
// to be cleared is an error.
func (p *Replica) load(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(loadsAtOnce)
	again := isClosed(p.recovered)
	for i, t := range p.tables {
		group.Go(func() error {
			partition := int32(i)
			load := p.reader.Load
			if again {
				load = p.reader.Reload
			}
			l, err := load(ctx, t, p.topic, partition)
			if err != nil {
				return err
			}
			p.positions[i].Advance(l.Offset)
			if p.loaded != nil {
				p.loaded(partition, l)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if !again {
		close(p.recovered)
	}
	return nil
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// follow applies what comes behind what is loaded, until an error that the client does not mend by itself.
func (p *Replica) follow(ctx context.Context) (progress bool, err error) {
	from := map[int32]kgo.Offset{}
	for i, t := range p.tables {
		next, _, err := t.Offset()
		if err != nil {
			return false, fmt.Errorf("%w: %w", ErrStore, err)
		}
		from[int32(i)] = kgo.NewOffset().At(next)
	}
	kafka, err := p.reader.follower(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{p.topic: from}))
	if err != nil {
		return false, err
	}
	defer kafka.Close()
	id, err := p.loadedTopic()
	if err != nil {
		return false, err
	}
	for {
		fetches, err := p.poll(ctx, kafka, id)
		if err != nil {
			return progress, err
		}
		if err := p.apply(fetches); err != nil {
			return progress, err
		}
		if err := fetches.Err(); err != nil {
			return progress, err
		}
		progress = true
	}
}

// follower is a client that consumes committed records, of partitions that are given to it, and never jumps.
func (r *Reader) follower(opts ...kgo.Opt) (*kgo.Client, error) {
	opts = append(append(r.cluster.Kgo(),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(500*time.Millisecond),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
	), opts...)
	kafka, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, fmt.Errorf("open follower: %w", err)
	}
	return kafka, nil
}

// apply commits the records of all partitions at once.
func (p *Replica) apply(fetches kgo.Fetches) error {
	var b *store.Batch
	moved := map[int32]int64{}
	fetches.EachPartition(func(f kgo.FetchTopicPartition) {
		if len(f.Records) == 0 || f.Partition < 0 || int(f.Partition) >= len(p.tables) {
			return
		}
		t := p.tables[f.Partition]
		if b == nil {
			b = t.DB().Batch()
		}
		for _, record := range f.Records {
			Apply(b, t, record.Key, record.Value)
		}
		next := f.Records[len(f.Records)-1].Offset + 1
		b.SetOffset(t, next)
		moved[f.Partition] = next
	})
	if b == nil {
		return nil
	}
	if err := b.Commit(); err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	for partition, next := range moved {
		p.positions[partition].Advance(next)
	}
	return nil
}

// Recovered is closed once all partitions have been loaded.
func (p *Replica) Recovered() <-chan struct{} { return p.recovered }

// Table returns the table of a partition.
func (p *Replica) Table(partition int32) *store.Table { return p.tables[partition] }

// Partitions is their number.
func (p *Replica) Partitions() int32 { return int32(len(p.tables)) }

// Applied waits until the partition's table has applied everything below the offset next. The error is that of ctx, or [ErrStopped].
func (p *Replica) Applied(ctx context.Context, partition int32, next int64) error {
	if p.positions[partition].Wait(ctx, next, p.stopped) {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return fmt.Errorf("table %q: %w", p.topic, ErrStopped)
}

// Settle waits until every partition has applied its topic's end as read at the call.
func (p *Replica) Settle(ctx context.Context) error {
	select {
	case <-p.recovered:
	case <-ctx.Done():
		return ctx.Err()
	case <-p.stopped:
		if !isClosed(p.recovered) {
			return fmt.Errorf("table %q: %w", p.topic, ErrStopped)
		}
	}
	all, err := p.reader.Ends(ctx, p.topic)
	if err != nil {
		return err
	}
	ends := all[p.topic]
	for partition, end := range ends {
		if partition >= len(p.tables) {
			return fmt.Errorf("table %q has %d partitions and is read as having %d", p.topic, len(ends), len(p.tables))
		}
		if err := p.Applied(ctx, int32(partition), end); err != nil {
			return err
		}
	}
	return nil
}
