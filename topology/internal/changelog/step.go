package changelog

import (
	"context"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/semaphore"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Log is the logs of a cluster that are at hand, all of whose records are committed.
type Log interface {
	describer
	// Fetch returns the records of a partition from an offset on, and what comes next.
	Fetch(tp kernel.TopicPartition, from int64) (records []*kgo.Record, next int64)
}

// NewLogReader returns a reader of logs at hand. Its replicas are not run: [Replica.Load] and [Replica.Step] move them, as their caller wants.
// There is nothing to close.
func NewLogReader(l Log) *Reader {
	fetch := func(_ context.Context, tp kernel.TopicPartition, _ string, from int64) (answer, error) {
		records, next := l.Fetch(tp, from)
		return answer{records: records, next: next, stable: next}, nil
	}
	return &Reader{
		cluster: l, fetch: fetch, log: slog.New(slog.DiscardHandler),
		loads: semaphore.NewWeighted(loadsAtOnce), ends: map[kernel.TopicPartition]knownEnd{},
	}
}

// Load loads the partitions, for whoever does not call [Replica.Run].
func (p *Replica) Load(ctx context.Context) error {
	for _, c := range p.copies {
		loaded, a, err := p.reader.loadUntil(ctx, loading{table: c.table, tp: c.tp})
		if err != nil {
			return err
		}
		c.position.Advance(loaded.Offset)
		p.loadedFirst(c, loaded)
		if f := p.config.Changed; f != nil {
			a.changed = func(keys [][]byte) { f(c.tp.Partition, keys) }
		}
		c.applier = a
	}
	return nil
}

// Step applies the next records of a partition that [Replica.Load] has loaded, n at most, and reports whether there were any.
func (p *Replica) Step(ctx context.Context, partition int32, n int) (bool, error) {
	c := p.copies[partition]
	got, err := p.reader.fetch(ctx, c.tp, "", c.applier.progress.Next)
	if err != nil || got.next == c.applier.progress.Next {
		return false, err
	}
	if n < len(got.records) {
		got.records, got.next = got.records[:n], got.records[n].Offset
	}
	if _, err := c.applier.apply(ctx, got, time.Time{}); err != nil {
		return false, err
	}
	c.position.Advance(got.next)
	return true, nil
}
