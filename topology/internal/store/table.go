package store

import (
	"fmt"
	"iter"
)

// Table is a handle of one table; equal names give the same handle. It is safe for concurrent use.
// The rows of a table and its progress and identity are in different keyspaces: every key is the user's.
type Table struct {
	db   *DB
	name string
	id   uint32
}

func newTable(db *DB, name string, id uint32) *Table { return &Table{db: db, name: name, id: id} }

// Name is the name that the handle was asked for with.
func (t *Table) Name() string { return t.name }

// DB is the store of the table.
func (t *Table) DB() *DB { return t.db }

// Get returns the value at key and whether there is one. The caller owns the value, which is not nil if there is one.
func (t *Table) Get(key []byte) ([]byte, bool, error) {
	return t.lookup(spaceRow, key)
}

func (t *Table) lookup(space byte, key []byte) ([]byte, bool, error) {
	if !t.db.gate.enter() {
		return nil, false, ErrClosed
	}
	defer t.db.gate.leave()
	var buf [128]byte
	value, ok, err := t.db.backend.get(appendKey(buf[:0], space, t.id, key))
	if err != nil {
		return nil, false, fmt.Errorf("read table %q: %w", t.name, err)
	}
	return value, ok, nil
}

// GetMany calls each with the value at every key, as [Table.Get] returns it, in the order of the keys, which has to be that of bytes. It ends with
// the first error of each.
func (t *Table) GetMany(keys [][]byte, each func(i int, value []byte, ok bool) error) error {
	if !t.db.gate.enter() {
		return ErrClosed
	}
	defer t.db.gate.leave()
	composed := make([][]byte, len(keys))
	for i, key := range keys {
		composed[i] = appendKey(make([]byte, 0, 5+len(key)), spaceRow, t.id, key)
	}
	var stopped error
	err := t.db.backend.getMany(composed, func(i int, value []byte, ok bool) error {
		stopped = each(i, value, ok)
		return stopped
	})
	if err != nil && stopped == nil {
		return fmt.Errorf("read table %q: %w", t.name, err)
	}
	return err
}

// Has reports whether there is a row at key.
func (t *Table) Has(key []byte) (bool, error) {
	if !t.db.gate.enter() {
		return false, ErrClosed
	}
	defer t.db.gate.leave()
	var buf [128]byte
	ok, err := t.db.backend.has(appendKey(buf[:0], spaceRow, t.id, key))
	if err != nil {
		return false, fmt.Errorf("read table %q: %w", t.name, err)
	}
	return ok, nil
}

// Identity returns what the offset refers to; the zero Identity if it was never set.
func (t *Table) Identity() (Identity, error) {
	value, ok, err := t.lookup(spaceIdentity, nil)
	if err != nil || !ok {
		return Identity{}, err
	}
	id, err := decodeIdentity(value)
	if err != nil {
		return Identity{}, fmt.Errorf("identity of table %q: %w", t.name, err)
	}
	return id, nil
}

// bounds are the keys in the store of from <= key < to; nil is open.
func (t *Table) bounds(from, to []byte) (lower, upper []byte) {
	lower = appendKey(nil, spaceRow, t.id, from)
	if to == nil {
		return lower, appendKey(nil, spaceRow, t.id+1, nil)
	}
	return lower, appendKey(nil, spaceRow, t.id, to)
}

// Range iterates over the rows with from <= key < to in the order of keys, as they were at the start of the iteration. A nil
// bound is open. Key and value are valid until the next step. An error is yielded last, with an empty row.
func (t *Table) Range(from, to []byte) iter.Seq2[Row, error] { return t.scan(from, to, false) }

// Prefix iterates over the rows whose key begins with prefix, like [Table.Range].
func (t *Table) Prefix(prefix []byte) iter.Seq2[Row, error] {
	return t.scan(prefix, After(prefix), false)
}

// Reverse iterates like [Table.Range], from the last row to the first.
func (t *Table) Reverse(from, to []byte) iter.Seq2[Row, error] { return t.scan(from, to, true) }

// After is the first key behind all that begin with prefix; nil if there is none.
func After(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			end := append([]byte(nil), prefix[:i+1]...)
			end[i]++
			return end
		}
	}
	return nil
}

func (t *Table) scan(from, to []byte, reverse bool) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if !t.db.gate.enter() {
			yield(Row{}, ErrClosed)
			return
		}
		defer t.db.gate.leave()
		lower, upper := t.bounds(from, to)
		for row, err := range t.db.backend.scan(lower, upper, reverse) {
			if err == nil && t.db.gate.closed() {
				err = ErrClosed
			}
			if err != nil {
				yield(Row{}, fmt.Errorf("scan table %q: %w", t.name, err))
				return
			}
			row.Key = row.Key[5:]
			if !yield(row, nil) {
				return
			}
		}
	}
}

// Clear removes all rows, the progress and the identity.
func (t *Table) Clear() error {
	b := t.db.Batch()
	b.Clear(t)
	return b.Commit()
}

// Count counts the rows. It reads them all.
func (t *Table) Count() (int, error) {
	n := 0
	for _, err := range t.Range(nil, nil) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}
