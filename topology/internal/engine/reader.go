package engine

import (
	"bytes"
	"fmt"

	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// reader is a table that a task reads and others write: a join or a lookup. It belongs to the holder of the task's mutex.
// With news, a row that was read is good until there is word of it. Without, every Get reads the store, and what is saved is
// decoding the same bytes again.
type reader struct {
	task  *task
	def   *kernel.Table
	fetch func(key []byte) ([]byte, bool, error)
	news  *news // nil: none
	cache *cache
}

var _ kernel.Reader = (*reader)(nil)

func newReader(t *task, def *kernel.Table, fetch func([]byte) ([]byte, bool, error)) *reader {
	return &reader{task: t, def: def, fetch: fetch, cache: newCache(t.p.e.opts.CacheRows, nil)}
}

// Get implements [kernel.Reader].
func (r *reader) Get(key []byte) (any, bool, error) {
	if !r.task.active() {
		return nil, false, errStopped
	}
	r.forget()
	w := r.cache.get(key)
	if w != nil && r.news != nil {
		return w.value, w.ok, nil
	}
	data, ok, err := r.fetch(key)
	if err != nil {
		return nil, false, fmt.Errorf("table %q: %w", r.def.Topic.Name, err)
	}
	if w != nil && w.ok == ok && bytes.Equal(w.raw, data) {
		return w.value, ok, nil
	}
	var value any
	if ok {
		if value, err = r.def.Decode(data); err != nil {
			return nil, false, fmt.Errorf("table %q, row %q: %w", r.def.Topic.Name, key, err)
		}
	}
	if w == nil {
		w = &row{key: string(key)}
		r.cache.add(w)
	}
	w.value, w.ok = value, ok
	if r.news == nil {
		w.raw = data
	}
	return value, ok, nil
}

// forget drops the rows that have changed.
func (r *reader) forget() {
	if r.news == nil {
		return
	}
	keys, all := r.news.take()
	if all {
		r.cache.clear()
		return
	}
	for _, key := range keys {
		if w := r.cache.rows[key]; w != nil {
			r.cache.remove(w)
		}
	}
}

// lookup reads a replica of a whole table.
func lookup(def *kernel.Table, from *changelog.Replica) func(key []byte) ([]byte, bool, error) {
	return func(key []byte) ([]byte, bool, error) {
		return from.Table(partitionOf(def.Topic.HashPart, key, from.Partitions())).Get(key)
	}
}
