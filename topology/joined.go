package topology

import (
	"fmt"

	"github.com/eddystream/eddy/codecs"
)

// Joined is a table that is partitioned as the processor's inputs are, and read beside them. It follows its
// topic with a short delay. Rows are shared with a cache and must not be changed.
type Joined[K, V any] struct {
	h     handle
	key   codecs.Codec[K]
	topic string
	// own spells the processor's keys, where the table spells them otherwise; nil: alike.
	own codecs.Codec[K]
}

// Join lets the processor read a table at the key of the record, or at others of its partition. The table must
// have as many partitions as the inputs. A table that is joined twice, or joined and looked up, is kept once: joining
// it again returns a handle of the same copy.
func Join[K, V any](p *Processor[K], t Table[K, V]) Joined[K, V] {
	j := Joined[K, V]{h: p.declare(t.edge(roleJoin)), key: t.key, topic: t.topic}
	if !sameCodec(t.key, p.key) {
		j.own = p.key
	}
	return j
}

// Get returns the row of the record's key, and whether there is one; for a record without a key there is none. It is local. Errors wrap [ErrDecode] or
// [ErrWrongProcessor].
func (j Joined[K, V]) Get(r Scope) (V, bool, error) {
	var zero V
	s, err := j.h.in(r)
	if err != nil {
		return zero, false, err
	}
	if s.none {
		return zero, false, fmt.Errorf("table %q: %w", j.topic, errNoRecord)
	}
	k := s.key
	if k == nil {
		return zero, false, nil
	}
	if j.own != nil {
		key, err := j.own.Decode(k)
		if err != nil {
			return zero, false, fmt.Errorf("%w: key of %q: %w", ErrDecode, j.topic, err)
		}
		if k, err = encodeKey(j.topic, j.key, key); err != nil {
			return zero, false, err
		}
	}
	return get[V](s, j.h.reader(s), j.topic, k)
}

// GetAt returns the row of any key of the record's partition; a key of another partition is an error.
func (j Joined[K, V]) GetAt(r Scope, key K) (V, bool, error) {
	var zero V
	s, err := j.h.in(r)
	if err != nil {
		return zero, false, err
	}
	k, err := encodeKey(j.topic, j.key, key)
	if err != nil {
		return zero, false, err
	}
	return get[V](s, j.h.reader(s), j.topic, k)
}
