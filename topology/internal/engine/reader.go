package engine

import (
	"bytes"
	"fmt"

	"github.com/eddystream/eddy/topology/internal/cache"
	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// reader is a table that a task reads and others write: a join or a lookup. It belongs to the task's goroutine.
// With news, a row that was read is good until there is word of it. Without, every Get reads the store, and what is saved is
// decoding the same bytes again.
type reader struct {
	task  *task
	def   *kernel.Table
	fetch func(key []byte) ([]byte, bool, error)
	news  *news // nil: none
	side  bool  // of the table only the task's partition is read
	cache *cache.Cache[rowState]
	meter cache.Meter

	fetchMany readMany
}

var _ kernel.Reader = (*reader)(nil)

func newReader(t *task, def *kernel.Table, fetch func([]byte) ([]byte, bool, error), many readMany) *reader {
	return &reader{task: t, def: def, fetch: fetch, fetchMany: many, cache: cache.New[rowState](t.p.e.opts.Memory.Rows, nil)}
}

// Get implements [kernel.Reader].
func (r *reader) Get(key []byte) (any, bool, error) {
	if !r.task.active() {
		return nil, false, errStopped
	}
	r.forget()
	w := r.cache.Get(key)
	if w != nil && r.news != nil {
		return w.Value.value, w.Value.ok, nil
	}
	data, ok, err := r.fetch(key)
	if err != nil {
		return nil, false, fmt.Errorf("table %q: %w", r.def.Topic.Name, err)
	}
	value, err := r.keep(key, data, ok)
	if err != nil {
		return nil, false, fmt.Errorf("table %q, %w", r.def.Topic.Name, err)
	}
	return value, ok, nil
}

// keep returns what the store has at key, decoded, and sees to it that the cache has it.
func (r *reader) keep(key, data []byte, ok bool) (any, error) {
	if !ok && r.side {
		if err := r.task.elsewhere(r.def, key); err != nil {
			return nil, err
		}
	}
	w := r.cache.Get(key)
	if w != nil && w.Value.ok == ok && bytes.Equal(w.Value.raw, data) && r.news == nil {
		return w.Value.value, nil
	}
	fresh, takes := rowState{ok: ok}, 0
	if ok {
		var err error
		if fresh.value, err = r.def.Decode(data); err != nil {
			return nil, fmt.Errorf("row %s: %w", kernel.Quote(key), err)
		}
		takes = r.meter.Estimate(fresh.value, len(data))
	}
	if r.news == nil {
		fresh.raw = data
		takes += len(data)
	}
	if w == nil {
		r.cache.Add(string(key), fresh, takes)
	} else {
		w.Value = fresh
		r.cache.Resize(w, takes)
	}
	return fresh.value, nil
}

// forget drops the rows that have changed.
func (r *reader) forget() {
	if r.news == nil {
		return
	}
	keys, all := r.news.take()
	if all {
		r.cache.Clear()
		return
	}
	for _, key := range keys {
		r.cache.Forget(key)
	}
}

// lookup reads a replica of a whole table: first where the key's hash says, and then everywhere else, for others may have placed it by
// another one.
func lookup(def *kernel.Table, from *changelog.Replica) func(key []byte) ([]byte, bool, error) {
	return func(key []byte) ([]byte, bool, error) {
		n := from.Partitions()
		first := partitionOf(def.Topic.HashPart, key, n)
		for i := range n {
			if data, ok, err := from.Table((first + i) % n).Get(key); ok || err != nil {
				return data, ok, err
			}
		}
		return nil, false, nil
	}
}
