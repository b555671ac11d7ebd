package topology

import (
	"fmt"

	"github.com/eddystream/eddy/codecs"
)

// State is a processor's own table: the rows of the partition whose records a handler sees. Handlers read
// their own writes. A row is encoded once a batch, when it is committed, and decoded rows are cached: Get
// returns what the last Set was given, not a copy. So with a pointer, slice or map as V, a handler that
// changes what Get returned must Set it.
type State[K, V any] struct {
	h     handle
	table Table[K, V]
}

// Persist gives the processor its table, with the topic "<topology>-<processor>-table". A processor has at
// most one. Rows are in the partition of the record that wrote them, as in Kafka Streams: that of their key, unless somebody wrote
// the record elsewhere.
func Persist[K, V any](p *Processor[K], value codecs.Codec[V], opts ...TopicOption) State[K, V] {
	t := NewTable(p.kernel.Group+"-table", p.key, value, opts...)
	return State[K, V]{h: p.declare(t.edge(roleTable)), table: t}
}

// Table returns the table, for joins and lookups of other processors and for views.
func (s State[K, V]) Table() Table[K, V] { return s.table }

// Get returns the row of the record's key, and whether there is one; for a record without a key there is none. It is local: it reads memory
// or disk, never the network. Errors wrap [ErrDecode] or [ErrWrongProcessor].
func (s State[K, V]) Get(r Scope) (V, bool, error) {
	sc, err := s.h.in(r)
	if err != nil {
		var zero V
		return zero, false, err
	}
	if sc.key == nil {
		var zero V
		return zero, false, nil
	}
	return get[V](sc.task.Own(), s.table.topic, sc.key)
}

// GetAt returns the row of any key of the record's partition; a key of another partition is an error.
func (s State[K, V]) GetAt(r Scope, key K) (V, bool, error) {
	var zero V
	sc, err := s.h.in(r)
	if err != nil {
		return zero, false, err
	}
	k, err := encodeKey(s.table.topic, s.table.key, key)
	if err != nil {
		return zero, false, err
	}
	return get[V](sc.task.Own(), s.table.topic, k)
}

// Set writes the row of the record's key. A record without one is an error, see [Record.HasKey]. A value that cannot be encoded is reported when the batch is
// committed, and stops the processor.
func (s State[K, V]) Set(r Scope, value V) error {
	sc, err := s.h.in(r)
	if err != nil {
		return err
	}
	if sc.key == nil {
		return fmt.Errorf("table %q: record %s: %w", s.table.topic, sc.msg.Position(), ErrNoKey)
	}
	return sc.task.Own().Set(sc.key, value)
}

// SetAt writes the row of any key of the record's partition; a key of another partition is an error.
func (s State[K, V]) SetAt(r Scope, key K, value V) error {
	sc, err := s.h.in(r)
	if err != nil {
		return err
	}
	k, err := encodeKey(s.table.topic, s.table.key, key)
	if err != nil {
		return err
	}
	return sc.task.Own().Set(k, value)
}

// Delete removes the row of the record's key, if there is one; a record without a key has none.
func (s State[K, V]) Delete(r Scope) error {
	sc, err := s.h.in(r)
	if err != nil {
		return err
	}
	if sc.key == nil {
		return nil
	}
	return sc.task.Own().Delete(sc.key)
}

// DeleteAt removes the row of any key of the record's partition; a key of another partition is an error.
func (s State[K, V]) DeleteAt(r Scope, key K) error {
	sc, err := s.h.in(r)
	if err != nil {
		return err
	}
	k, err := encodeKey(s.table.topic, s.table.key, key)
	if err != nil {
		return err
	}
	return sc.task.Own().Delete(k)
}
