package topology

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/cluster"
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
// away. Another error is final: of the local store, or of a table that was made anew or cut under the view. It runs once.
func (v *View[K, V]) Run(ctx context.Context) error { return v.rows.run(ctx) }

// Recovered is closed once the whole table has been read, to the end that it had when that began.
func (v *View[K, V]) Recovered() <-chan struct{} { return v.rows.recovered }

// Close ends Run, if it runs, waits for it, and closes the connections and the copy. Further calls do nothing.
func (v *View[K, V]) Close() error { return v.rows.close() }

// Settle waits until the view has applied the table's end as read at the call. It returns the error of ctx, of the cluster,
// or [ErrClosed].
func (v *View[K, V]) Settle(ctx context.Context) error { return v.rows.settle(ctx) }

// Get returns the row at a key, and whether there is one. The error is [ErrNotRecovered], [ErrClosed], of the codecs
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
	if v.hash != nil {
		hashed = v.hash(k)
	}
	data, ok, err := v.rows.tables[cluster.Partition(hashed, int32(len(v.rows.tables)))].Get(k)
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
		return zero, fmt.Errorf("%w: row of %q, key %q: %w", ErrDecode, v.rows.topic, key, err)
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
	topic  string
	cfg    Config
	client *cluster.Client
	reader *changelog.Reader
	db     *viewStore
	tables []*store.Table
	at     []changelog.Position

	recovered chan struct{} // all partitions were loaded
	stopped   chan struct{} // run has ended, or will not begin
	closing   chan struct{}

	mu      sync.Mutex
	running bool
	closed  bool
	loaded  map[int32]bool // partitions, at least once
	err     error          // that a restart does not mend
}

func openFollower(topic string, cfg Config) (_ *follower, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	f := &follower{topic: topic, cfg: cfg, recovered: make(chan struct{}), stopped: make(chan struct{}), closing: make(chan struct{}), loaded: map[int32]bool{}}
	if f.client, err = cluster.Open(cfg.settings()); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.client.Close()
		}
	}()
	n, err := f.client.Partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	if f.reader, err = changelog.NewReader(f.client, cfg.Logger); err != nil {
		return nil, err
	}
	if f.db, err = openViewStore(topic, cfg); err != nil {
		f.reader.Close()
		return nil, err
	}
	f.tables, f.at = make([]*store.Table, n), make([]changelog.Position, n)
	for p := range f.tables {
		if f.tables[p], err = f.db.table(int32(p)); err != nil {
			f.reader.Close()
			return nil, errors.Join(err, f.db.close())
		}
	}
	return f, nil
}

// readable is nil while the view is recovered and follows.
func (f *follower) readable() error {
	select {
	case <-f.stopped:
		return ErrClosed
	default:
	}
	select {
	case <-f.closing:
		return ErrClosed
	case <-f.recovered:
		return nil
	default:
		return ErrNotRecovered
	}
}

// run is follow, once, with the bookkeeping of the end.
func (f *follower) run(ctx context.Context) error {
	f.mu.Lock()
	if f.running || f.closed {
		f.mu.Unlock()
		return fmt.Errorf("run view of %q: %w", f.topic, ErrClosed)
	}
	f.running = true
	f.mu.Unlock()
	defer close(f.stopped)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-f.closing:
			cancel()
		case <-ctx.Done():
		}
	})
	err := ended(ctx, f.follow(ctx))
	cancel()
	watch.Wait()
	return err
}

// settle waits for the positions of the ends.
func (f *follower) settle(ctx context.Context) error {
	select {
	case <-f.recovered:
	case <-ctx.Done():
		return ctx.Err()
	case <-f.stopped:
		return ErrClosed
	case <-f.closing:
		return ErrClosed
	}
	if err := f.readable(); err != nil { // it may have stopped long after it recovered
		return err
	}
	all, err := f.reader.Ends(ctx, f.topic)
	if err != nil {
		return err
	}
	ends := all[f.topic]
	if len(ends) != len(f.at) {
		return fmt.Errorf("table %q has %d partitions and is viewed as having %d", f.topic, len(ends), len(f.at))
	}
	for p, end := range ends {
		if f.at[p].Wait(ctx, end, f.stopped) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		return ErrClosed
	}
	return f.readable()
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
	f.reader.Close()
	f.client.Close()
	return f.db.close()
}
