package engine

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// finer is into how many each partition is divided where a handler could see a difference: so that keys of different partitions
// are seldom in one by chance.
const finer = 16

// strict has a handler fail that reads or writes a row of another partition. Elsewhere what is read there is not found.
func strict(p *processor, input kernel.Topic, handle kernel.Handler) kernel.Handler {
	return func(ctx context.Context, t kernel.Task, m *kernel.Message) error {
		return handle(ctx, &strictTask{Task: t, p: p, key: m.Key, partition: finerOf(p, input, m.Key)}, m)
	}
}

func finerOf(p *processor, t kernel.Topic, key []byte) int32 {
	return partitionOf(t.HashPart, key, finer*p.partitions)
}

// strictTask is a task, for one message.
type strictTask struct {
	kernel.Task
	p         *processor
	key       []byte
	partition int32
}

// PartitionOf implements [kernel.Task].
func (t *strictTask) PartitionOf(out *kernel.Output, key []byte) (int32, error) {
	_, err := t.Task.PartitionOf(out, key)
	return finerOf(t.p, out.Topic, key), err
}

// Own implements [kernel.Task].
func (t *strictTask) Own() kernel.Rows { return t.rows(t.Task.Own(), t.p.k.Own) }

// Store implements [kernel.Task].
func (t *strictTask) Store(i int) kernel.Rows { return t.rows(t.Task.Store(i), t.p.k.Stores[i]) }

// Timers implements [kernel.Task].
func (t *strictTask) Timers(i int) kernel.Schedule {
	return strictSchedule{t.Task.Timers(i), t, t.p.k.Timers[i].Table}
}

// Join implements [kernel.Task].
func (t *strictTask) Join(i int) kernel.Reader {
	return strictReader{t.Task.Join(i), t, t.p.k.Joins[i]}
}

func (t *strictTask) check(table *kernel.Table, keys ...[]byte) error {
	for _, key := range keys {
		if at := finerOf(t.p, table.Topic, key); at != t.partition {
			return fmt.Errorf("key %s of table %q is of another partition: of %d it is in %d, the record %s in %d",
				kernel.Quote(key), table.Topic.Name, finer*t.p.partitions, at, kernel.Quote(t.key), t.partition)
		}
	}
	return nil
}

// strictReader checks what is read.
type strictReader struct {
	kernel.Reader
	t   *strictTask
	def *kernel.Table
}

// Get implements [kernel.Reader].
func (r strictReader) Get(key []byte) (any, bool, error) {
	if err := r.t.check(r.def, key); err != nil {
		return nil, false, err
	}
	return r.Reader.Get(key)
}

// GetMany implements [kernel.Reader].
func (r strictReader) GetMany(keys [][]byte) ([]kernel.Found, error) {
	if err := r.t.check(r.def, keys...); err != nil {
		return nil, err
	}
	return r.Reader.GetMany(keys)
}

// strictRows also checks what is written.
type strictRows struct {
	strictReader
	rows kernel.Rows
}

func (t *strictTask) rows(rows kernel.Rows, def *kernel.Table) strictRows {
	return strictRows{strictReader{rows, t, def}, rows}
}

// Range implements [kernel.Rows].
func (r strictRows) Range(from, to []byte) iter.Seq2[kernel.Row, error] {
	return r.rows.Range(from, to)
}

// Set implements [kernel.Rows].
func (r strictRows) Set(key []byte, row any) error {
	if err := r.t.check(r.def, key); err != nil {
		return err
	}
	return r.rows.Set(key, row)
}

// Delete implements [kernel.Rows].
func (r strictRows) Delete(key []byte) error {
	if err := r.t.check(r.def, key); err != nil {
		return err
	}
	return r.rows.Delete(key)
}

type strictSchedule struct {
	kernel.Schedule
	t   *strictTask
	def *kernel.Table
}

// Get implements [kernel.Schedule].
func (s strictSchedule) Get(key []byte) (time.Time, bool, error) {
	if err := s.t.check(s.def, key); err != nil {
		return time.Time{}, false, err
	}
	return s.Schedule.Get(key)
}

// Set implements [kernel.Schedule].
func (s strictSchedule) Set(key []byte, at time.Time) error {
	if err := s.t.check(s.def, key); err != nil {
		return err
	}
	return s.Schedule.Set(key, at)
}

// Cancel implements [kernel.Schedule].
func (s strictSchedule) Cancel(key []byte) error {
	if err := s.t.check(s.def, key); err != nil {
		return err
	}
	return s.Schedule.Cancel(key)
}

// watchTime has the handlers of a task that are called by time fail like those of records, and where there is no end to them.
func (l *Local) watchTime(t *task) {
	bounded := func(handle kernel.Handler) kernel.Handler {
		return func(ctx context.Context, of kernel.Task, m *kernel.Message) error {
			if l.fired++; l.fired > l.o.Batches {
				return fmt.Errorf("not at rest after %d firings: processor %q goes on", l.o.Batches, t.p.k.Name)
			}
			return handle(ctx, of, m)
		}
	}
	for _, tm := range t.time.timers {
		tm.handle = bounded(strict(t.p, tm.def.Table.Topic, tm.def.Handle))
	}
	for _, k := range t.time.ticks {
		k.handle = bounded(k.def.Handle)
	}
}
