package topology

import (
	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Found is a row that was looked for.
type Found[V any] struct {
	Value V
	OK    bool // there is one
}

// getMany reads rows and gives them their type back.
func getMany[K, V any](s *scope, rows kernel.Reader, topic string, codec codecs.Codec[K], keys []K) ([]Found[V], error) {
	encoded := make([][]byte, len(keys))
	for i, key := range keys {
		var err error
		if encoded[i], err = encodeKey(topic, codec, key); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	rowsFound, err := rows.GetMany(encoded)
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	found := make([]Found[V], len(keys))
	for i, row := range rowsFound {
		if !row.OK {
			continue
		}
		if found[i].Value, err = rowOf[V](topic, row.Value); err != nil {
			return nil, err
		}
		found[i].OK = true
	}
	return found, nil
}

// GetMany is [Store.Get] of many keys at once: they are read in the order of their encoding, each once. What is found is in the order in which the
// keys were given.
func (s Store[K, V]) GetMany(r Scope, keys []K) ([]Found[V], error) {
	sc, rows, err := s.rows(r)
	if err != nil {
		return nil, err
	}
	return getMany[K, V](sc, rows, s.table.topic, s.table.key, keys)
}

// GetMany is [Store.GetMany], of keys of the record's partition.
func (s State[K, V]) GetMany(r Scope, keys []K) ([]Found[V], error) { return s.store.GetMany(r, keys) }

// GetMany is [Joined.GetAt] of many keys at once; see [Store.GetMany].
func (j Joined[K, V]) GetMany(r Scope, keys []K) ([]Found[V], error) {
	s, err := j.h.in(r)
	if err != nil {
		return nil, err
	}
	return getMany[K, V](s, j.h.reader(s), j.topic, j.key, keys)
}

// GetMany is [Reference.Get] of many keys at once; see [Store.GetMany].
func (f Reference[K, V]) GetMany(r Scope, keys []K) ([]Found[V], error) {
	s, err := f.h.in(r)
	if err != nil {
		return nil, err
	}
	return getMany[K, V](s, f.h.reader(s), f.topic, f.key, keys)
}
