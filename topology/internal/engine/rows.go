package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/eddystream/eddy/topology/internal/cache"
	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/fence"
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
	slab  slab   // of what is known of them

	touched []*row // by the running handler
	mark    int    // of dirty, when it began

	timers *timers // whose rows these are; nil: of nobody
	local  bool    // the table has no changelog, and no partitioning

	// For iterations, from the first one on: the rows of the open batch in order, and those of the batch that was cut last.
	sorted, flying *ordered
	flyingSeq      uint64

	epoch     int64           // the greatest in the changelog when it was loaded
	log       fence.Log       // the changelog then
	ends      atomic.Int64    // one past the last record of the changelog that is known
	stale     changelog.Stale // rows to be written again before anything else,
	staleFrom int64           // and where the records are in the log that made them so
}

var _ kernel.Rows = (*rows)(nil)

func newRows(t *task, def *kernel.Table, table *store.Table) *rows {
	r := &rows{task: t, def: def, table: table, tp: kernel.TopicPartition{Topic: def.Topic.Name, Partition: t.partition}}
	r.cache = cache.New(t.p.e.opts.Memory.Rows, func(w *row) bool { return w.Value.dirty() || w.Value.seq > t.committed.Load() })
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
	if w.Value.dirty() {
		r.task.spoils = true // what the handler changes in it is in the batch at once
	}
	r.touch(w)
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
	if !ok && !r.local {
		if err := r.task.elsewhere(r.def, key); err != nil {
			return nil, err
		}
	}
	w, bytes := rowState{ok: ok, size: int32(len(data))}, 0
	if ok {
		var err error
		if w.value, err = r.def.Decode(data); err != nil {
			return nil, fmt.Errorf("row %s: %w", kernel.Quote(key), err)
		}
		bytes = r.meter.Estimate(w.value, len(data))
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
		if err := t.elsewhere(r.def, key); err != nil {
			if here, hasErr := r.table.Has(key); hasErr != nil || !here {
				return errors.Join(hasErr, fmt.Errorf("table %q, %w", r.def.Topic.Name, err))
			}
		}
	}
	if w == nil {
		w = r.cache.Add(string(key), rowState{}, 0) // what it takes is known when it is encoded
	}
	s := &w.Value
	r.touch(w)
	s.checked = true
	s.value, s.ok, s.raw = value, ok, nil
	t.spoils, t.cur.changed = true, true
	if r.sorted != nil {
		r.sorted.ReplaceOrInsert(w.Key, version{value, ok})
	}
	if s.dirty() {
		s.written.by = originOf(t.msg)
		return nil
	}
	s.written = r.slab.next()
	s.written.by, s.written.since = originOf(t.msg), t.handled
	r.dirty = append(r.dirty, w)
	size := len(key) + max(int(s.size), rowOverhead)
	t.cur.bytes += size
	if t.emitted += size; t.emitted > MaxEmitted {
		return kernel.In(kernel.PhaseWrite, ErrTooMuch)
	}
	return nil
}

// rowOverhead is what a row takes in a batch at least.
const rowOverhead = 64

// encode turns the rows written in the open batch into changes, in the order of their keys, which is that of the store and has neighbours compress each other.
// It runs when the batch is cut, before the next handler can change them.
func (r *rows) encode(b *batch) ([]change, error) {
	list := make([]change, 0, len(r.dirty))
	slices.SortFunc(r.dirty, func(a, b *row) int { return strings.Compare(a.Key, b.Key) })
	for _, w := range r.dirty {
		s := &w.Value
		data, bytes, err := r.encodeRow(w)
		if err != nil {
			return nil, s.written.by.fails(r.task, err)
		}
		c := change{key: []byte(w.Key), value: data, by: s.written.by}
		if s.ok {
			s.size = int32(len(data))
		}
		s.written, s.seq = nil, b.seq
		r.cache.Resize(w, bytes)
		list = append(list, c)
	}
	clear(r.dirty)
	r.dirty, r.slab = r.dirty[:0], nil
	if r.sorted != nil {
		r.flying, r.flyingSeq, r.sorted = r.sorted, b.seq, newOrdered()
	}
	return list, nil
}

// forget drops what the open batch has, and what is known of the table. Nothing of it is being committed.
func (r *rows) forget() {
	r.cache.Clear()
	clear(r.dirty)
	r.dirty, r.slab = r.dirty[:0], nil
	r.sorted, r.flying = nil, nil
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
	if hashPart != nil && key != nil {
		key = hashPart(key)
	}
	return cluster.Partition(key, n)
}
