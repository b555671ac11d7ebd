package store

import (
	"encoding/binary"
	"fmt"
)

// Batch collects writes and does them at once. It is not safe for concurrent use and must not be used after
// [Batch.Commit] or [Batch.Discard], one of which must be called.
type Batch struct {
	db     *DB
	writes writes
	n      int
	err    error  // the first of a write; Commit returns it
	key    []byte // scratch
}

// compose returns the key of a table in a keyspace, valid until the next call.
func (b *Batch) compose(space byte, t *Table, key []byte) []byte {
	if t.db != b.db && b.err == nil {
		b.err = fmt.Errorf("table %q belongs to another store", t.name)
	}
	b.key = appendKey(b.key[:0], space, t.id, key)
	return b.key
}

func appendKey(buf []byte, space byte, id uint32, key []byte) []byte {
	buf = append(buf, space)
	buf = binary.BigEndian.AppendUint32(buf, id)
	return append(buf, key...)
}

func (b *Batch) did(err error) {
	b.n++
	if b.err == nil {
		b.err = err
	}
}

// Set writes a row. key and value are copied.
func (b *Batch) Set(t *Table, key, value []byte) {
	b.did(b.writes.set(b.compose(spaceRow, t, key), value))
}

// Delete removes a row, if it is there.
func (b *Batch) Delete(t *Table, key []byte) {
	b.did(b.writes.remove(b.compose(spaceRow, t, key)))
}

// SetIdentity sets what the offset refers to.
func (b *Batch) SetIdentity(t *Table, id Identity) {
	b.did(b.writes.set(b.compose(spaceIdentity, t, nil), encodeIdentity(id)))
}

// Clear removes all rows, the progress and the identity of t. Writes that follow in the batch are kept.
func (b *Batch) Clear(t *Table) {
	from, to := t.bounds(nil, nil)
	b.did(b.writes.removeRange(from, to))
	b.did(b.writes.remove(b.compose(spaceProgress, t, nil)))
	b.did(b.writes.remove(b.compose(spaceIdentity, t, nil)))
}

// Len is the number of writes.
func (b *Batch) Len() int { return b.n }

// Size is the number of bytes that the batch holds, about.
func (b *Batch) Size() int { return b.writes.size() }

// Commit does all the writes or, with an error, none. When it returns they can be read.
func (b *Batch) Commit() error {
	if b.err != nil {
		b.writes.discard()
		return fmt.Errorf("write to store: %w", b.err)
	}
	if !b.db.gate.enter() {
		b.writes.discard()
		return ErrClosed
	}
	defer b.db.gate.leave()
	if err := b.writes.commit(); err != nil {
		return fmt.Errorf("commit to store: %w", err)
	}
	return nil
}

// Discard drops the batch.
func (b *Batch) Discard() { b.writes.discard() }
