package changelog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/store"
)

// Loaded is what a load did.
type Loaded struct {
	Records int64         // read from the changelog
	Offset  int64         // where the table stands now
	Rebuilt bool          // what was there was cleared first
	Reason  string        // why
	Took    time.Duration // of the whole
}

// ErrStale says that a table is not what its changelog would make of it, and that reading on would not help.
var ErrStale = errors.New("table is stale")

// ErrStore marks errors of the local store, which trying again does not help.
var ErrStore = errors.New("local store")

// Load brings t to the end that the partition has when Load is called, rows and offset in large atomic batches. A table of another cluster
// or topic, past the end, before the start, or not written for longer than the topic keeps tombstones is cleared and built anew.
// With a nil error the table has reached that end. Transient errors are tried again until ctx is done; [cluster.ErrNoTopic], once it has
// lasted for some seconds, and errors of the store, [ErrStore], are final.
func (r *Reader) Load(ctx context.Context, t *store.Table, topic string, partition int32) (Loaded, error) {
	return r.loadUntil(ctx, t, topic, partition, true)
}

// Reload is [Reader.Load] for a table that has readers: where Load would clear it, Reload leaves it as it is and returns [ErrStale].
func (r *Reader) Reload(ctx context.Context, t *store.Table, topic string, partition int32) (Loaded, error) {
	return r.loadUntil(ctx, t, topic, partition, false)
}

func (r *Reader) loadUntil(ctx context.Context, t *store.Table, topic string, partition int32, mayClear bool) (Loaded, error) {
	var loaded Loaded
	began := time.Now()
	tp := topicPartition{topic, partition}
	tries := backoff.NewExponentialBackOff()
	tries.InitialInterval, tries.MaxInterval = 20*time.Millisecond, 2*time.Second
	var absent time.Time // since when the topic is; zero: it is there
	for {
		err := r.load(ctx, t, tp, mayClear, &loaded)
		if err == nil {
			loaded.Took = time.Since(began)
			r.mu.Lock()
			r.loaded[tp] = loaded.Offset
			r.mu.Unlock()
			return loaded, nil
		}
		if !errors.Is(err, cluster.ErrNoTopic) {
			absent = time.Time{}
		} else if absent.IsZero() {
			absent = time.Now()
		}
		gone := !absent.IsZero() && time.Since(absent) >= r.absentFor
		if ctx.Err() != nil || errors.Is(err, ErrStore) || errors.Is(err, ErrStale) || gone {
			return loaded, fmt.Errorf("load table %q: %w", t.Name(), err)
		}
		r.log.Warn("table is not loaded yet", "topic", topic, "partition", partition, "error", err)
		select {
		case <-ctx.Done():
			return loaded, fmt.Errorf("load table %q: %w", t.Name(), errors.Join(ctx.Err(), err))
		case <-time.After(tries.NextBackOff()):
		}
	}
}

// load is one try. What it has committed stays, and the next goes on from there.
func (r *Reader) load(ctx context.Context, t *store.Table, tp topicPartition, mayClear bool, loaded *Loaded) error {
	place, err := r.place(ctx, tp)
	if err != nil {
		return err
	}
	from, reason, err := place.resume(t)
	if err != nil {
		return err
	}
	if reason != "" && !mayClear {
		return fmt.Errorf("%w: %s", ErrStale, reason)
	}
	if reason != "" {
		r.log.Info("table is rebuilt", "topic", tp.topic, "partition", tp.partition, "reason", reason)
		loaded.Rebuilt, loaded.Reason = true, reason
	}
	b := t.DB().Batch()
	if reason != "" {
		b.Clear(t)
	}
	b.SetIdentity(t, place.identity)
	b.SetOffset(t, from)
	if err := b.Commit(); err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	loaded.Offset = from
	if err := r.copy(ctx, t, tp, from, place.stable, loaded); err != nil {
		if errors.Is(err, kerr.OffsetOutOfRange) {
			err = fmt.Errorf("the log was cut while it was read: %w", err)
		}
		return err
	}
	// What is committed must be what was promised: the store says where it is.
	if next, _, err := t.Offset(); err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	} else if next < place.stable {
		return fmt.Errorf("table ends at offset %d, before %d", next, place.stable)
	}
	return nil
}

// place is where a partition stands.
type place struct {
	identity     store.Identity
	start        int64
	stable, end  int64 // of committed records, of all
	keepsDeletes time.Duration
}

func (r *Reader) place(ctx context.Context, tp topicPartition) (place, error) {
	var p place
	var err error
	if p.identity.Cluster, err = r.cluster.ClusterID(ctx); err != nil {
		return p, err
	}
	if p.identity.Topic, err = r.cluster.TopicID(ctx, tp.topic); err != nil {
		return p, err
	}
	if p.keepsDeletes, err = r.cluster.DeleteRetention(ctx, tp.topic); err != nil {
		return p, err
	}
	for _, ask := range []struct {
		list func(context.Context, ...string) (map[string][]int64, error)
		into *int64
	}{{r.cluster.Starts, &p.start}, {r.cluster.StableEnds, &p.stable}, {r.cluster.Ends, &p.end}} {
		offsets, err := ask.list(ctx, tp.topic)
		if err != nil {
			return p, err
		}
		if tp.partition < 0 || int(tp.partition) >= len(offsets[tp.topic]) {
			return p, fmt.Errorf("topic %q has no partition %d: %w", tp.topic, tp.partition, cluster.ErrNoTopic)
		}
		*ask.into = offsets[tp.topic][tp.partition]
	}
	return p, nil
}

// resume is the offset to read from. With a reason, the table must be cleared first.
func (p place) resume(t *store.Table) (from int64, reason string, err error) {
	next, known, err := t.Offset()
	if err == nil && !known {
		return p.start, "", p.unknown(t)
	}
	identity, idErr := t.Identity()
	written, writtenErr := t.Written()
	if err := errors.Join(err, idErr, writtenErr); err != nil {
		return 0, "", fmt.Errorf("%w: %w", ErrStore, err)
	}
	age := time.Since(written)
	switch {
	case identity.Cluster != p.identity.Cluster:
		reason = fmt.Sprintf("the store is of cluster %q, this is %q", identity.Cluster, p.identity.Cluster)
	case identity.Topic != p.identity.Topic:
		reason = fmt.Sprintf("the store is of topic id %q, this is %q", identity.Topic, p.identity.Topic)
	case next > p.end:
		reason = fmt.Sprintf("the store is at offset %d, past the end, %d", next, p.end)
	case next < p.start:
		reason = fmt.Sprintf("the store is at offset %d, before the start, %d", next, p.start)
	case age > p.keepsDeletes && next < p.end:
		reason = fmt.Sprintf("the store was written %s ago, and the topic keeps deletes for %s", age.Round(time.Millisecond), p.keepsDeletes)
	default:
		return next, "", nil
	}
	return p.start, reason, nil
}

// unknown clears a table that has rows and no offset, which nothing that writes by the rules leaves behind.
func (p place) unknown(t *store.Table) error {
	for _, err := range t.Range(nil, nil) {
		if err == nil {
			err = t.Clear()
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrStore, err)
		}
		break
	}
	return nil
}

// fetched is one answer.
type fetched struct {
	records []*kgo.Record
	next    int64
	err     error
}

// copy applies [from, to) of the partition; the next answer is on its way while one is applied. It goes no further than
// the answer that reaches to.
func (r *Reader) copy(ctx context.Context, t *store.Table, tp topicPartition, from, to int64, loaded *Loaded) error {
	ctx, cancel := context.WithCancel(ctx)
	answers := make(chan fetched, 1)
	go func() {
		defer close(answers)
		for at := from; at < to; {
			var f fetched
			f.records, f.next, f.err = r.fetch(ctx, tp, at)
			if f.err == nil && f.next == at {
				f.err = fmt.Errorf("nothing at offset %d of topic %q, partition %d, whose end is %d", at, tp.topic, tp.partition, to)
			}
			select {
			case answers <- f:
			case <-ctx.Done():
				return
			}
			if f.err != nil {
				return
			}
			at = f.next
		}
	}()
	defer func() {
		cancel()
		for range answers { // so that it has ended
		}
	}()
	for f := range answers {
		if f.err != nil {
			return f.err
		}
		b := t.DB().Batch()
		for _, record := range f.records {
			Apply(b, t, record.Key, record.Value)
		}
		b.SetOffset(t, f.next)
		if err := b.Commit(); err != nil {
			return fmt.Errorf("%w: %w", ErrStore, err)
		}
		loaded.Records += int64(len(f.records))
		loaded.Offset = f.next
	}
	return ctx.Err()
}

// Apply writes a changelog record into a batch: a nil value deletes.
func Apply(b *store.Batch, t *store.Table, key, value []byte) {
	if value == nil {
		b.Delete(t, key)
		return
	}
	b.Set(t, key, value)
}
