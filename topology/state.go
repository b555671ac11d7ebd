package topology

import (
	"fmt"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// State is a processor's own table: the rows of the partition whose records a handler sees. Handlers read
// their own writes. A row is encoded once a batch, when it is committed, and decoded rows are cached: Get
// returns what the last Set was given, not a copy. So with a pointer, slice or map as V, a handler that
// changes what Get returned must Set it.
type State[K, V any] struct{ store Store[K, V] }

// Persist gives the processor its table, with the topic "<topology>-<processor>-table". A processor has at
// most one; [AddStore] gives it further ones. Rows are in the partition of the record that wrote them, as in Kafka Streams: that of their
// key, unless somebody wrote the record elsewhere.
func Persist[K, V any](p *Processor[K], value codecs.Codec[V], opts ...TopicOption) State[K, V] {
	t := NewTable(p.kernel.Group+"-table", p.key, value, opts...)
	return State[K, V]{Store[K, V]{h: p.declare(t.edge(roleTable)), table: t}}
}

// Table returns the table, for joins and lookups of other processors and for views.
func (s State[K, V]) Table() Table[K, V] { return s.store.table }

// here returns the table, and the record's key as it is spelled there: nil for a record that has none.
func (s State[K, V]) here(r Scope) (sc *scope, rows kernel.Rows, key []byte, err error) {
	if sc, err = s.store.h.in(r); err != nil {
		return nil, nil, nil, err
	}
	if sc.none {
		return nil, nil, nil, fmt.Errorf("table %q: %w", s.store.table.topic, errNoRecord)
	}
	return sc, s.store.h.rows(sc), sc.key, nil
}

// errNoRecord is returned where the key of the record is meant and there is no record.
var errNoRecord = fmt.Errorf("%w, for there is none: a timer with keys of another codec, or a punctuation, has to name a row's key", ErrNoKey)

// Get returns the row of the record's key, and whether there is one; for a record without a key there is none. It is local: it reads memory
// or disk, never the network. Errors wrap [ErrDecode] or [ErrWrongProcessor].
func (s State[K, V]) Get(r Scope) (V, bool, error) {
	sc, rows, key, err := s.here(r)
	if err != nil || key == nil {
		var zero V
		return zero, false, err
	}
	return get[V](sc, rows, s.store.table.topic, key)
}

// GetAt returns the row of any key of the record's partition; a key of another partition is an error.
func (s State[K, V]) GetAt(r Scope, key K) (V, bool, error) { return s.store.Get(r, key) }

// Set writes the row of the record's key. A record without one is an error, see [Record.HasKey]. A value that cannot be encoded, or is too
// large ([ErrTooLarge]), is reported when the batch is committed.
func (s State[K, V]) Set(r Scope, value V) error {
	sc, rows, key, err := s.here(r)
	if err == nil && key == nil {
		err = fmt.Errorf("table %q: record %s: %w", s.store.table.topic, r.scope().msg.Position(), ErrNoKey)
	}
	if err != nil {
		return err
	}
	sc.mu.Lock()
	defer sc.mu.Unlock()
	return rows.Set(key, value)
}

// SetAt writes the row of any key of the record's partition; a key of another partition is an error.
func (s State[K, V]) SetAt(r Scope, key K, value V) error { return s.store.Set(r, key, value) }

// Delete removes the row of the record's key, if there is one; a record without a key has none.
func (s State[K, V]) Delete(r Scope) error {
	sc, rows, key, err := s.here(r)
	if err != nil || key == nil {
		return err
	}
	sc.mu.Lock()
	defer sc.mu.Unlock()
	return rows.Delete(key)
}

// DeleteAt removes the row of any key of the record's partition; a key of another partition is an error.
func (s State[K, V]) DeleteAt(r Scope, key K) error { return s.store.Delete(r, key) }
