package topology

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

var (
	// ErrNotRecovered is returned by a [View] that has not read its table to the end yet.
	ErrNotRecovered = errors.New("view is not recovered")
	// ErrClosed is returned by a [View] that was closed or has stopped following its table.
	ErrClosed = errors.New("view is closed")
)

// openTimeout bounds the questions that opening a view asks.
const openTimeout = 30 * time.Second

// View is a copy of a whole table in this process, kept current. It is safe for concurrent use.
//
// The copy is kept in Config.DataDir, or in memory, and read anew only where it went stale. A view tells nothing before it has
// recovered, and nothing after it has stopped: what it tells is what the table was, at some moment not long ago.
type View[K, V any] struct {
	key   codecs.Codec[K]
	value codecs.Codec[V]
	hash  func([]byte) []byte // nil: the whole key
	rows  *follower
}

// OpenView opens a view of a table, which must exist. It asks the cluster for the table's partitions, for at most 30 s. The
// caller runs the view and closes it. Of cfg it uses what says how to reach the brokers, DataDir or InMemory, StoreCache,
// Logger and Observer.
func OpenView[K, V any](t Table[K, V], cfg Config) (*View[K, V], error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	rows, err := openFollower(t.topic, cfg.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("open view of %q: %w", t.topic, err)
	}
	return &View[K, V]{key: t.key, value: t.value, hash: hashPart(t.key), rows: rows}, nil
}

// Run recovers the view and follows the table until ctx is done or the view is closed, and then returns nil. It outlives a broker that is
// away. Another error is final: of the local store, of a table that was made anew or cut under the view, or a right that is missing. It
// runs once.
func (v *View[K, V]) Run(ctx context.Context) error { return v.rows.run(ctx) }

// Recovered is closed once the whole table has been read, to the end that it had when that began.
func (v *View[K, V]) Recovered() <-chan struct{} { return v.rows.replica.Recovered() }

// Close ends Run, if it runs, waits for it, and closes the connections and the copy. Further calls do nothing.
func (v *View[K, V]) Close() error { return v.rows.close() }

// Settle waits until the view has applied the table's end as read at the call. It returns the error of ctx, of the cluster,
// or [ErrClosed].
func (v *View[K, V]) Settle(ctx context.Context) error { return v.rows.settle(ctx) }

// Get returns the row at a key, and whether there is one, in whatever partition: whoever writes the table may place keys by another hash. Where
// several partitions have it, the one that the key's hash says counts, or else any. The error is [ErrNotRecovered], [ErrClosed], of the codecs
// ([ErrEncode], [ErrDecode]) or of the local store.
func (v *View[K, V]) Get(key K) (V, bool, error) {
	var zero V
	if err := v.rows.readable(); err != nil {
		return zero, false, err
	}
	k, err := encodeKey(v.rows.topic, v.key, key)
	if err != nil {
		return zero, false, err
	}
	hashed := k
	if v.hash != nil && k != nil {
		hashed = v.hash(k)
	}
	data, ok, err := v.rows.get(int(cluster.Partition(hashed, int32(len(v.rows.tables)))), k)
	if err != nil || !ok {
		return zero, false, closedError(err)
	}
	value, err := v.decode(k, data)
	return value, err == nil, err
}

func (v *View[K, V]) decode(key, data []byte) (V, error) {
	value, err := v.value.Decode(data)
	if err != nil {
		var zero V
		return zero, fmt.Errorf("%w: row of %q, key %s: %w", ErrDecode, v.rows.topic, kernel.Quote(key), err)
	}
	return value, nil
}

// closedError says of a store that was closed that the view was.
func closedError(err error) error {
	if errors.Is(err, store.ErrClosed) {
		return ErrClosed
	}
	return err
}

// follower is what a view does with bytes.
type follower struct {
	topic   string
	log     *slog.Logger
	client  *cluster.Client
	reader  *changelog.Reader
	db      *viewStore
	replica *changelog.Replica
	tables  []*store.Table // by partition

	stopped chan struct{} // run has ended, or will not begin
	closing chan struct{}

	mu      sync.Mutex
	running bool
	closed  bool
}

func openFollower(topic string, cfg Config) (_ *follower, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	f := &follower{topic: topic, log: cfg.Logger, stopped: make(chan struct{}), closing: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.release())
		}
	}()
	if f.client, err = cluster.Open(cfg.settings()); err != nil {
		return nil, err
	}
	n, err := f.client.Partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	if f.reader, err = changelog.NewReader(f.client, cfg.Logger); err != nil {
		return nil, err
	}
	if f.db, err = openViewStore(topic, cfg); err != nil {
		return nil, err
	}
	f.tables = make([]*store.Table, n)
	for p := range f.tables {
		if f.tables[p], err = f.db.table(int32(p)); err != nil {
			return nil, err
		}
	}
	f.replica, err = f.reader.NewReplica(ctx, changelog.ReplicaConfig{
		Topic: topic,
		Screen: &changelog.Screen{Bad: func(_ context.Context, r *kgo.Record, err error) error {
			cfg.Logger.Warn("view passes over what is no row", "topic", r.Topic, "partition", r.Partition, "offset", r.Offset, "error", err)
			return nil
		}},
		Open:   func(partition int32) (*store.Table, error) { return f.tables[partition], nil },
		Loaded: func(partition int32, l changelog.Loaded) { tellRecovered(cfg.Observer, topic, partition, l) },
	})
	return f, err
}

// get looks for a row, first in one partition and then in the others.
func (f *follower) get(first int, key []byte) ([]byte, bool, error) {
	for i := range f.tables {
		if data, ok, err := f.tables[(first+i)%len(f.tables)].Get(key); ok || err != nil {
			return data, ok, err
		}
	}
	return nil, false, nil
}

// tellRecovered tells an observer that a partition of a view was loaded.
func tellRecovered(o *Observer, topic string, partition int32, l changelog.Loaded) {
	if o.Recovered == nil {
		return
	}
	o.Recovered(RecoveredInfo{
		Topic: topic, Partition: partition, Records: l.Records, Offset: l.Offset,
		Rebuilt: l.Rebuilt, Reason: l.Reason, Took: l.Took,
	})
}

// release closes what is open.
func (f *follower) release() error {
	if f.reader != nil {
		f.reader.Close()
	}
	if f.client != nil {
		f.client.Close()
	}
	if f.db != nil {
		return f.db.close()
	}
	return nil
}

// readable is nil while the view is recovered and follows.
func (f *follower) readable() error {
	for _, end := range []<-chan struct{}{f.stopped, f.closing, f.replica.Stopped()} {
		select {
		case <-end:
			return ErrClosed
		default:
		}
	}
	select {
	case <-f.replica.Recovered():
		return nil
	default:
		return ErrNotRecovered
	}
}

// run follows, once, until ctx is done or the view is closed.
func (f *follower) run(ctx context.Context) error {
	f.mu.Lock()
	if f.running || f.closed {
		f.mu.Unlock()
		return fmt.Errorf("run view of %q: %w", f.topic, ErrClosed)
	}
	f.running = true
	f.mu.Unlock()
	defer close(f.stopped)
	ctx, release := f.whileOpen(ctx)
	defer release()
	running, changed := context.WithCancelCause(ctx)
	defer changed(nil)
	f.client.OnChange(changed)
	defer f.client.OnChange(nil)
	var watching sync.WaitGroup
	watching.Go(func() { f.watch(running) })
	err := f.replica.Run(running)
	why := context.Cause(running)
	changed(nil)
	watching.Wait()
	if err == nil && ctx.Err() == nil && errors.Is(why, ErrTopicChanged) {
		err = why
	}
	if err != nil {
		return fmt.Errorf("view of %q: %w", f.topic, err)
	}
	return nil
}

// watch looks at the topic now and then, until ctx is done: a view of a table that gets partitions would miss their rows.
func (f *follower) watch(ctx context.Context) {
	ticker := time.NewTicker(lookForNew)
	defer ticker.Stop()
	for {
		if err := f.client.Refresh(ctx, f.topic); err != nil && ctx.Err() == nil {
			f.log.Debug("the table's topic is not looked at", "topic", f.topic, "error", err) // whoever reads it says so
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// whileOpen derives a context that also ends when the view is closed or has stopped, then with the cause ErrClosed. It is to be released.
func (f *follower) whileOpen(ctx context.Context) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-f.stopped:
			cancel(ErrClosed)
		case <-f.closing:
			cancel(ErrClosed)
		case <-ctx.Done():
		}
	})
	return ctx, func() {
		cancel(nil)
		watch.Wait()
	}
}

// settle waits until the ends are applied.
func (f *follower) settle(ctx context.Context) error {
	ctx, release := f.whileOpen(ctx)
	defer release()
	if errors.Is(f.readable(), ErrClosed) {
		return ErrClosed
	}
	err := f.replica.Settle(ctx)
	if now := f.readable(); now != nil && (err == nil || errors.Is(now, ErrClosed)) {
		return now // whatever broke by that
	}
	return err
}

func (f *follower) close() error {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		<-f.stopped
		return nil
	}
	f.closed = true
	close(f.closing)
	running := f.running
	f.mu.Unlock()
	if !running {
		close(f.stopped)
	}
	<-f.stopped
	return f.release()
}
