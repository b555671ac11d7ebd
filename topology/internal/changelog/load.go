package changelog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// Loaded is what a load did.
type Loaded struct {
	Records int64         // read from the changelog
	Dropped int64         // of those, records of a former owner behind one of its successor
	Offset  int64         // where the table stands now
	Epoch   int64         // the greatest epoch of a record below Offset, 0 if none had one
	Stale   Stale         // of a load by the owner: the rows to write anew
	Rebuilt bool          // what was there was cleared first
	Reason  string        // why
	Took    time.Duration // of the whole
	Topic   fence.TopicID // the topic that was read
	Start   int64         // where its partition began
	// Progress is what the table's store has. The owner commits its StaleFrom and StaleEpoch with every batch until the stale rows
	// are written and acknowledged, and zeros from then on: so a crash in between does not lose them.
	Progress store.Progress
}

// LoadOption is a setting of one load.
type LoadOption func(*loading)

// AsOwner says that whoever loads is about to write the changelog. It is told which rows are stale, including those that earlier
// readers of the same local table came upon, such as its standby copy: for these the log is read again from the first of them.
func AsOwner() LoadOption { return func(l *loading) { l.owner = true } }

// ToHighWatermark loads to the high watermark that the partition has when the load begins, instead of the last stable offset. It is for
// tables that are written with transactions: what the owner before has committed must be there. The load waits for as long as a
// transaction below the high watermark is open, and logs that every few seconds. The error is [cluster.ErrHangs] where it will not end: the
// transactions are those of a group.
func ToHighWatermark(group string) LoadOption {
	return func(l *loading) { l.highWatermark, l.group = true, group }
}

// loading is a load and how to do it.
type loading struct {
	table         *store.Table
	tp            kernel.TopicPartition
	owner         bool
	highWatermark bool
	group         string // whose transactions are waited for
	keep          bool   // the table has readers: it is not cleared
	screen        *Screen
	footing       *Footing
	changed       func(keys [][]byte)
	derived       *Derived
}

// Load brings t to the end that the partition has when Load is called, rows and offset in large atomic batches. A table of another cluster
// or topic, past the end, before the start, or not complete for longer than the topic keeps tombstones is cleared and built anew.
// With a nil error the table has reached that end. Transient errors are tried again until ctx is done. Final are
// [cluster.ErrNoTopic], once it has lasted for some seconds, errors of the store ([ErrStore]), a right that is missing, and, without a
// [Screen], a record whose epoch cannot be read. One load of a table runs at a time.
func (r *Reader) Load(ctx context.Context, t *store.Table, topic string, partition int32, opts ...LoadOption) (Loaded, error) {
	l := loading{table: t, tp: kernel.TopicPartition{Topic: topic, Partition: partition}}
	for _, opt := range opts {
		opt(&l)
	}
	loaded, _, err := r.loadUntil(ctx, l)
	return loaded, err
}

// loadUntil also returns what goes on applying from there.
func (r *Reader) loadUntil(ctx context.Context, l loading) (Loaded, *applier, error) {
	var loaded Loaded
	began := time.Now()
	tries := r.attempts(l.tp)
	for {
		a, err := r.load(ctx, l, &loaded)
		if err == nil {
			r.troubled(l.tp, nil)
			loaded.Took = time.Since(began)
			if a.unkeyed > 0 {
				r.log.Warn("records without a key are no rows", "topic", l.tp.Topic, "partition", l.tp.Partition, "records", a.unkeyed)
			}
			if loaded.Dropped > 0 {
				r.log.Warn("records of a former owner were dropped", "topic", l.tp.Topic, "partition", l.tp.Partition,
					"records", loaded.Dropped, "stale", len(loaded.Stale.Keys))
			}
			return loaded, a, nil
		}
		if err := tries.failed(ctx, err); err != nil {
			return loaded, nil, fmt.Errorf("load table %q: %w", l.table.Name(), err)
		}
	}
}

// load is one try. What it has committed stays, and the next goes on from there.
func (r *Reader) load(ctx context.Context, l loading, loaded *Loaded) (*applier, error) {
	state, err := r.logState(ctx, l.tp)
	if err != nil {
		return nil, err
	}
	if l.footing != nil && !l.keep {
		if err := state.complete(l.table, *l.footing); err != nil {
			return nil, err
		}
	}
	loaded.Topic, loaded.Start = state.topic, state.start
	at, reason, err := state.resume(l.table)
	if err != nil {
		return nil, err
	}
	if reason != "" && l.keep {
		return nil, fmt.Errorf("%w: %s", ErrStale, reason)
	}
	if reason != "" {
		r.log.Info("table is rebuilt", "topic", l.tp.Topic, "partition", l.tp.Partition, "reason", reason)
		loaded.Rebuilt, loaded.Reason = true, reason
	}
	to := state.stable
	if l.highWatermark {
		to = state.end
	}
	a := &applier{table: l.table, tp: l.tp, changed: l.changed, screen: l.screen, derived: l.derived}
	if at.StaleFrom > 0 {
		if l.owner {
			// What is read again leaves each row as its last record that counts has it, which is what it is.
			at.Next, at.Epoch = max(at.StaleFrom, state.start), at.StaleEpoch
			at.StaleFrom, at.StaleEpoch = 0, 0
		} else {
			a.stale.incomplete = true
		}
	}
	if at.Next >= to {
		at.AsOf = state.asked
	}
	b := l.table.DB().Batch()
	if reason != "" {
		b.Clear(l.table)
		if l.derived != nil {
			b.Clear(l.derived.Table)
		}
	}
	b.SetIdentity(l.table, state.identity)
	b.SetProgress(l.table, at)
	if err := b.Commit(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStore, err)
	}
	a.progress = at
	if err := r.copy(ctx, l, a, state, to, loaded); err != nil {
		return nil, err
	}
	// What is committed must be what was promised: the store says where it is.
	stored, _, err := l.table.Progress()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStore, err)
	}
	if stored.Next < to {
		return nil, fmt.Errorf("table ends at offset %d, before %d", stored.Next, to)
	}
	loaded.Progress, loaded.Offset, loaded.Epoch = stored, stored.Next, stored.Epoch
	if l.owner {
		loaded.Stale = a.stale.list()
	}
	return a, nil
}

// copy applies the partition up to an offset, and no further than the answer that reaches it.
func (r *Reader) copy(ctx context.Context, l loading, a *applier, state logState, to int64, loaded *Loaded) error {
	said := throttle{last: time.Now()}
	for got, err := range r.answers(ctx, span{tp: l.tp, id: state.identity.Topic, from: a.progress.Next, to: to, wait: l.highWatermark, group: l.group}) {
		if errors.Is(err, kerr.OffsetOutOfRange) {
			err = fmt.Errorf("the log was cut while it was read: %w", err)
		}
		if err != nil {
			return err
		}
		var asOf time.Time
		if got.next >= to {
			asOf = state.asked
		}
		dropped, err := a.apply(ctx, got, asOf)
		if err != nil {
			return err
		}
		loaded.Records += int64(len(got.records))
		loaded.Dropped += dropped
		if said.allow() {
			r.log.Info("table is being loaded", "topic", l.tp.Topic, "partition", l.tp.Partition, "offset", got.next, "end", to)
		}
	}
	return nil
}
