package topology

import "github.com/eddystream/eddy/codecs"

// Reference is a table that is looked up, at any key and whatever its partitioning: each process holds all of it, as of
// a GlobalKTable. It follows its topic with a short delay. Rows are shared with a cache and must not be changed.
type Reference[K, V any] struct {
	h     handle
	key   codecs.Codec[K]
	topic string
}

// Lookup lets the processor read a table at any key.
func Lookup[K, LK, V any](p *Processor[K], t Table[LK, V]) Reference[LK, V] {
	return Reference[LK, V]{h: p.declare(t.edge(roleLookup)), key: t.key, topic: t.topic}
}

// Get returns the row of a key, and whether there is one. It is local. Errors wrap [ErrEncode], [ErrDecode] or
// [ErrWrongProcessor].
func (f Reference[K, V]) Get(r Scope, key K) (V, bool, error) {
	var zero V
	s, err := f.h.in(r)
	if err != nil {
		return zero, false, err
	}
	k, err := encodeKey(f.topic, f.key, key)
	if err != nil {
		return zero, false, err
	}
	return get[V](s, f.h.reader(s), f.topic, k)
}
