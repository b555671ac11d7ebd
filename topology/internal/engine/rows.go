package engine

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/eddystream/eddy/topology/internal/cache"
	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// errNoKey is returned for a row without a key.
var errNoKey = errors.New("a row needs a key")

// rows is the partition of an own table that a task works on: its group table, or a further store. What has no comment belongs to the
// task's goroutine.
type rows struct {
	task  *task
	def   *kernel.Table
	tp    kernel.TopicPartition // of the changelog
	table *store.Table
	cache *cache.Cache[rowState]
	meter cache.Meter
	dirty []*row // written in the open batch, each once

	timers *timers // whose rows these are; nil: of nobody
	local  bool    // the table has no changelog, and no partitioning

	// For iterations, from the first one on: the rows of the open batch in order, and those of the batch that was cut last.
	sorted, flying *ordered
	flyingSeq      uint64

	epoch     int64           // the greatest in the changelog when it was loaded
	ends      atomic.Int64    // one past the last record of the changelog that is known
	stale     changelog.Stale // rows to be written again before anything else,
	staleFrom int64           // and where the records are in the log that made them so
}

var _ kernel.Rows = (*rows)(nil)

func newRows(t *task, def *kernel.Table, table *store.Table) *rows {
	r := &rows{task: t, def: def, table: table, tp: kernel.TopicPartition{Topic: def.Topic.Name, Partition: t.partition}}
	r.cache = cache.New(t.p.e.opts.Memory.Rows, func(w *row) bool { return w.Value.dirty || w.Value.seq > t.committed.Load() })
	return r
}

// Get implements [kernel.Reader].
func (r *rows) Get(key []byte) (any, bool, error) {
	w, err := r.row(key)
	if err != nil {
		return nil, false, err
	}
	found := r.got(w)
	return found.Value, found.OK, nil
}

// got is a row that a handler gets.
func (r *rows) got(w *row) kernel.Found {
	if w.Value.dirty {
		r.task.spoils = true // what the handler changes in it is in the batch at once
	}
	return kernel.Found{Value: w.Value.value, OK: w.Value.ok}
}

// row returns the row at key from the cache or the store.
func (r *rows) row(key []byte) (*row, error) {
	if !r.task.active() {
		return nil, errStopped
	}
	if w := r.cache.Get(key); w != nil {
		return w, nil
	}
	data, ok, err := r.table.Get(key)
	if err != nil {
		return nil, fmt.Errorf("table %q: %w", r.def.Topic.Name, err)
	}
	w, err := r.keep(key, data, ok)
	if err != nil {
		return nil, fmt.Errorf("table %q, %w", r.def.Topic.Name, err)
	}
	return w, nil
}

// keep decodes what the store has at key and adds it to the cache.
func (r *rows) keep(key, data []byte, ok bool) (*row, error) {
	w, bytes := rowState{ok: ok, size: len(data)}, 0
	if ok {
		var err error
		if w.value, err = r.def.Decode(data); err != nil {
			return nil, fmt.Errorf("row %q: %w", key, err)
		}
		bytes = r.meter.Estimate(w.value, w.size)
	}
	return r.cache.Add(string(key), w, bytes), nil
}

// Set implements [kernel.Rows].
func (r *rows) Set(key []byte, value any) error { return r.write(key, value, true) }

// Delete implements [kernel.Rows].
func (r *rows) Delete(key []byte) error { return r.write(key, nil, false) }

func (r *rows) write(key []byte, value any, ok bool) error {
	t := r.task
	if !t.active() {
		return errStopped
	}
	if key == nil {
		return fmt.Errorf("table %q: %w", r.def.Topic.Name, errNoKey)
	}
	w := r.cache.Get(key)
	if !r.local && (w == nil || !w.Value.checked) {
		if at := partitionOf(r.def.Topic.HashPart, key, t.p.partitions); at != t.partition {
			return fmt.Errorf("table %q, row %q: the key belongs to partition %d, not to partition %d, which is being processed", r.def.Topic.Name, key, at, t.partition)
		}
	}
	if w == nil {
		w = r.cache.Add(string(key), rowState{}, 0) // what it takes is known when it is encoded
	}
	s := &w.Value
	s.checked = true
	s.value, s.ok, s.by = value, ok, originOf(t.msg)
	t.spoils, t.cur.changed = true, true
	if r.sorted != nil {
		r.sorted.ReplaceOrInsert(w.Key, version{value, ok})
	}
	if s.dirty {
		return nil
	}
	s.dirty = true
	r.dirty = append(r.dirty, w)
	size := len(key) + max(s.size, rowOverhead)
	t.cur.bytes += size
	if t.emitted += size; t.emitted > MaxEmitted {
		return ErrTooMuch
	}
	return nil
}

// rowOverhead is what a row takes in a batch at least.
const rowOverhead = 64

// encode turns the rows written in the open batch into changes. It runs when the batch is cut, before the next handler can change them.
func (r *rows) encode(b *batch) ([]change, error) {
	list := make([]change, 0, len(r.dirty))
	for _, w := range r.dirty {
		c, s, bytes := change{key: []byte(w.Key)}, &w.Value, 0
		if s.ok {
			err := guard(func() (err error) {
				if c.value, err = r.def.Encode(s.value); err == nil {
					bytes = r.meter.Estimate(s.value, len(c.value))
				}
				return err
			})
			if err == nil && c.value == nil {
				c.value = []byte{} // a row without content; nil would delete it
			}
			if most := r.task.p.e.opts.Client.Settings().MaxRecordBytes; err == nil && !r.local && len(c.key)+len(c.value) > most {
				err = fmt.Errorf("%w: %d bytes with its key, more than %d", kernel.ErrRowTooLarge, len(c.key)+len(c.value), most)
			}
			if err != nil {
				return nil, &ProcessError{
					Processor: r.task.p.k.Name, Topic: s.by.topic, Partition: r.task.partition, Offset: s.by.offset, Packed: s.by.packed, Index: s.by.index, Key: s.by.key,
					Err: fmt.Errorf("table %q, row %q: %w", r.def.Topic.Name, w.Key, err),
				}
			}
			s.size = len(c.value)
		}
		s.dirty, s.seq, s.by = false, b.seq, origin{}
		r.cache.Resize(w, bytes)
		list = append(list, c)
	}
	clear(r.dirty)
	r.dirty = r.dirty[:0]
	if r.sorted != nil {
		r.flying, r.flyingSeq, r.sorted = r.sorted, b.seq, newOrdered()
	}
	return list, nil
}

// put adds changes to what is written to the local store.
func (r *rows) put(db *store.Batch, list []change) {
	for _, c := range list {
		if c.value == nil {
			db.Delete(r.table, c.key)
		} else {
			db.Set(r.table, c.key, c.value)
		}
	}
}

// partitionOf is the partition of a key among n.
func partitionOf(hashPart func([]byte) []byte, key []byte, n int32) int32 {
	if hashPart != nil {
		key = hashPart(key)
	}
	return cluster.Partition(key, n)
}
