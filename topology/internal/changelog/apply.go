package changelog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// applier writes records of a partition, in their order, to its table. It belongs to one goroutine.
type applier struct {
	table    *store.Table
	tp       kernel.TopicPartition
	progress store.Progress
	stale    staleKeys
	screen   *Screen             // nil: none
	unkeyed  int64               // records without a key, which are no rows
	changed  func(keys [][]byte) // nil: nobody asks
	keys     [][]byte            // scratch of changed
	derived  *Derived            // nil: nothing
}

// apply commits the records of an answer, with the offset behind them, at once; what has changed is told after it can be read. A non-zero
// asOf says that the table is then as complete as the log was at that time. It returns how many records of former owners were dropped.
func (a *applier) apply(ctx context.Context, got answer, asOf time.Time) (dropped int64, err error) {
	b := a.table.DB().Batch()
	at := a.progress
	a.keys = a.keys[:0]
	derive := a.derived.begin(a.table)
	for _, r := range got.records {
		epoch, bad := a.screen.look(r)
		if errors.Is(bad, ErrNoKey) {
			a.unkeyed++
		}
		if bad != nil {
			if err := a.screen.pass(ctx, r, bad); err != nil {
				b.Discard()
				return 0, err
			}
			a.stale.dropped(r.Key, r.Offset, &at)
			continue
		}
		if epoch != 0 && epoch < at.Epoch {
			a.stale.dropped(r.Key, r.Offset, &at)
			dropped++
			continue
		}
		at.Epoch = max(at.Epoch, epoch)
		a.stale.applied(r.Key, &at)
		if err := derive.row(b, r); err != nil {
			b.Discard()
			return 0, err
		}
		if r.Value == nil {
			b.Delete(a.table, r.Key)
		} else {
			b.Set(a.table, r.Key, r.Value)
		}
		if a.changed != nil {
			a.keys = append(a.keys, r.Key)
		}
	}
	at.Next = got.next
	if !asOf.IsZero() {
		at.AsOf = asOf
	}
	b.SetProgress(a.table, at)
	if err := b.Commit(); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrStore, err)
	}
	a.progress = at
	if len(a.keys) > 0 {
		a.changed(a.keys)
	}
	return dropped, nil
}

// epochOf is the epoch that a record carries, 0 if none.
func epochOf(r *kgo.Record) (int64, error) {
	for _, h := range r.Headers {
		if h.Key != fence.HeaderKey {
			continue
		}
		epoch, err := fence.ParseEpoch(h.Value, r.Partition)
		if err != nil {
			return 0, unreadable(r, err)
		}
		return epoch, nil
	}
	return 0, nil
}

func unreadable(r *kgo.Record, err error) error {
	return fmt.Errorf("%w: topic %q, partition %d, offset %d: %w", errRecord, r.Topic, r.Partition, r.Offset, err)
}
