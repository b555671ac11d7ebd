package engine

import (
	"bytes"
	"fmt"

	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// reader is a table that a task reads and others write: a join or a lookup. It belongs to the holder of the task's mutex.
// Every Get reads the store; what it saves is decoding the same bytes again.
type reader struct {
	task  *task
	def   *kernel.Table
	fetch func(key []byte) ([]byte, bool, error)
	cache *cache
}

var _ kernel.Reader = (*reader)(nil)

func newReader(t *task, def *kernel.Table, fetch func([]byte) ([]byte, bool, error)) *reader {
	return &reader{task: t, def: def, fetch: fetch, cache: newCache(t.p.e.opts.CacheRows, nil)}
}

// Get implements [kernel.Reader].
func (r *reader) Get(key []byte) (any, bool, error) {
	if !r.task.running() {
		return nil, false, errStopped
	}
	data, ok, err := r.fetch(key)
	if err != nil {
		return nil, false, fmt.Errorf("table %q: %w", r.def.Topic.Name, err)
	}
	w := r.cache.get(key)
	if !ok {
		if w != nil {
			r.cache.remove(w)
		}
		return nil, false, nil
	}
	if w != nil && bytes.Equal(w.raw, data) {
		return w.value, true, nil
	}
	value, err := r.def.Decode(data)
	if err != nil {
		return nil, false, fmt.Errorf("table %q, row %q: %w", r.def.Topic.Name, key, err)
	}
	if w == nil {
		w = &row{key: string(key)}
		r.cache.add(w)
	}
	w.value, w.raw = value, data
	return value, true, nil
}

// lookup reads a replica of a whole table.
func lookup(def *kernel.Table, from *changelog.Replica) func(key []byte) ([]byte, bool, error) {
	return func(key []byte) ([]byte, bool, error) {
		return from.Table(partitionOf(def.Topic.HashPart, key, from.Partitions())).Get(key)
	}
}
