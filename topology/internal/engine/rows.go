package engine

import (
	"errors"
	"fmt"

	"github.com/eddystream/eddy/topology/internal/cache"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// errNoKey is returned for a row without a key.
var errNoKey = errors.New("a row needs a key")

// rows is the partition of a group table that a task works on. It belongs to the task's goroutine.
type rows struct {
	task  *task
	def   *kernel.Table
	table *store.Table
	cache *cache.Cache[rowState]
	meter cache.Meter

	touched []*row // by the running handler
}

var _ kernel.Rows = (*rows)(nil)

func newRows(t *task, def *kernel.Table, table *store.Table) *rows {
	r := &rows{task: t, def: def, table: table}
	r.cache = cache.New(t.p.e.opts.Memory.Rows, func(w *row) bool { return w.Value.dirty || w.Value.seq > t.committed.Load() })
	return r
}

// Get implements [kernel.Reader].
func (r *rows) Get(key []byte) (any, bool, error) {
	w, err := r.row(key)
	if err != nil {
		return nil, false, err
	}
	if w.Value.dirty {
		r.task.spoils = true // what the handler changes in it is in the batch at once
	}
	r.touch(w)
	return w.Value.value, w.Value.ok, nil
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
	if !ok {
		if err := r.task.elsewhere(r.def, key); err != nil {
			return nil, err
		}
	}
	w, bytes := rowState{ok: ok, size: len(data)}, 0
	if ok {
		if w.value, err = r.def.Decode(data); err != nil {
			return nil, fmt.Errorf("table %q, row %s: %w", r.def.Topic.Name, kernel.Quote(key), err)
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
	if w == nil || !w.Value.checked {
		if err := t.elsewhere(r.def, key); err != nil {
			if here, hasErr := r.table.Has(key); hasErr != nil || !here {
				return errors.Join(hasErr, err)
			}
		}
	}
	if w == nil {
		w = r.cache.Add(string(key), rowState{}, 0) // what it takes is known when it is encoded
	}
	s := &w.Value
	r.touch(w)
	s.checked = true
	s.value, s.ok, s.raw, s.by = value, ok, nil, originOf(t.msg)
	t.spoils = true
	if !s.dirty {
		s.dirty, s.since, s.kept = true, t.handled, nil
		t.cur.dirty = append(t.cur.dirty, w)
		t.cur.bytes += len(key) + max(s.size, 64)
	}
	return nil
}

// encode turns the rows written in the open batch into changes. It runs when the batch is cut, before the next handler can change them.
func (r *rows) encode(b *batch) error {
	b.rows = make([]change, 0, len(b.dirty))
	for _, w := range b.dirty {
		s := &w.Value
		data, bytes, err := r.encodeRow(w)
		if err != nil {
			return s.by.fails(r.task, err)
		}
		c := change{key: []byte(w.Key), value: data, by: s.by}
		if s.ok {
			s.size = len(data)
		}
		s.dirty, s.seq, s.by, s.kept = false, b.seq, origin{}, nil
		r.cache.Resize(w, bytes)
		b.rows = append(b.rows, c)
	}
	return nil
}

// partitionOf is the partition of a key among n.
func partitionOf(hashPart func([]byte) []byte, key []byte, n int32) int32 {
	if hashPart != nil && key != nil {
		key = hashPart(key)
	}
	return cluster.Partition(key, n)
}
