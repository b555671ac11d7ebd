package topology

import (
	"fmt"
	"iter"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// All iterates over the rows of the record's partition, in the order of their encoded keys.
//
// The rows are those that there are when the iteration begins, with all that handlers have written by then. What is written meanwhile, in the
// body of the loop too, does not show in it; so the loop may write and delete any rows, those that it is at and those that
// come. Rows are shared with a cache, as those of [Store.Get] are. However many rows there are, few of them are in memory at a time.
//
// An entry with an error that wraps [ErrDecode] is a row, or a key, that its codec cannot read: the error names the row, and the iteration goes
// on behind it if the loop does. Any other error, such as of the local store or [ErrWrongProcessor], comes last;
// an iteration that goes on when its handler has returned gets the latter.
func (s Store[K, V]) All(r Scope) iter.Seq2[Entry[K, V], error] {
	return func(yield func(Entry[K, V], error) bool) {
		sc, rows, err := s.rows(r)
		if err != nil {
			yield(Entry[K, V]{}, err)
			return
		}
		s.entries(sc, rows.Range(nil, nil), yield)
	}
}

// Range iterates like [Store.All] over the rows with from <= key < to, in the order of encoded keys: that of texts, of numbers that are not
// negative, and of pairs of such is the order of the keys.
func (s Store[K, V]) Range(r Scope, from, to K) iter.Seq2[Entry[K, V], error] {
	return func(yield func(Entry[K, V], error) bool) {
		sc, rows, lower, err := s.at(r, from)
		var upper []byte
		if err == nil {
			upper, err = encodeKey(s.table.topic, s.table.key, to)
		}
		if err != nil {
			yield(Entry[K, V]{}, err)
			return
		}
		s.entries(sc, rows.Range(lower, upper), yield)
	}
}

// Prefix iterates like [Store.All] over the rows whose encoded key begins with the encoding of a key: of texts, those that begin with the text; of
// pairs whose second part is the zero value, all that have the first part. See [codecs.KeyPrefix].
func (s Store[K, V]) Prefix(r Scope, key K) iter.Seq2[Entry[K, V], error] {
	return func(yield func(Entry[K, V], error) bool) {
		sc, rows, err := s.rows(r)
		var prefix []byte
		if err == nil {
			prefix, err = s.prefix(key)
		}
		if err != nil {
			yield(Entry[K, V]{}, err)
			return
		}
		s.entries(sc, rows.Range(prefix, store.After(prefix)), yield)
	}
}

func (s Store[K, V]) prefix(key K) ([]byte, error) {
	parts, ok := s.table.key.(codecs.KeyPrefix[K])
	if !ok {
		return encodeKey(s.table.topic, s.table.key, key)
	}
	prefix, err := parts.KeyPrefix(key)
	if err != nil {
		return nil, kernel.In(PhaseWrite, fmt.Errorf("%w: key %s of %q: %w", ErrEncode, kernel.Quote([]byte(fmt.Sprint(key))), s.table.topic, err))
	}
	return prefix, nil
}

// entries gives rows their types back.
func (s Store[K, V]) entries(sc *scope, rows iter.Seq2[kernel.Row, error], yield func(Entry[K, V], error) bool) {
	shown := func(e Entry[K, V], err error) bool {
		sc.mu.Unlock()
		defer sc.mu.Lock()
		return yield(e, err)
	}
	sc.mu.Lock()
	defer sc.mu.Unlock()
	for row, err := range rows {
		var e Entry[K, V]
		if _, over := s.h.in(sc); over != nil { // the handler has returned, and somebody has kept the iteration
			shown(e, over)
			return
		}
		if row.Key != nil {
			var keyErr error
			if e.Key, keyErr = s.table.key.Decode(row.Key); keyErr != nil && err == nil {
				err = fmt.Errorf("%w: key %s of %q: %w", ErrDecode, kernel.Quote(row.Key), s.table.topic, keyErr)
			}
		}
		if err == nil {
			e.Value, err = rowOf[V](s.table.topic, row.Value)
		}
		if !shown(e, err) {
			return
		}
	}
}

// All is [Store.All].
func (s State[K, V]) All(r Scope) iter.Seq2[Entry[K, V], error] { return s.store.All(r) }

// Range is [Store.Range].
func (s State[K, V]) Range(r Scope, from, to K) iter.Seq2[Entry[K, V], error] {
	return s.store.Range(r, from, to)
}

// Prefix is [Store.Prefix].
func (s State[K, V]) Prefix(r Scope, key K) iter.Seq2[Entry[K, V], error] {
	return s.store.Prefix(r, key)
}
