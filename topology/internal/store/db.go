package store

import "iter"

// DB is a set of tables. It is safe for concurrent use.
type DB struct{}

// Table is a handle of one table; equal names give the same handle. It is safe for concurrent use.
// The rows of a table and its offset and identity are in different keyspaces: every key is the user's.
type Table struct{}

// Batch collects writes and does them at once. It is not safe for concurrent use and must not be used after
// [Batch.Commit] or [Batch.Discard], one of which must be called.
type Batch struct{}

// Table returns the table of that name, which is empty before its first write. The caller composes the name:
// what must not share rows must not share a name. The error is the back end's.
func (db *DB) Table(name string) (*Table, error) { panic("todo") }

// Batch returns a new, empty batch.
func (db *DB) Batch() *Batch { panic("todo") }

// Flush makes everything committed so far durable.
func (db *DB) Flush() error { panic("todo") }

// Close flushes and closes. Running iterations end with [ErrClosed]. A second call does nothing.
func (db *DB) Close() error { panic("todo") }

// Set writes a row. key and value are copied.
func (b *Batch) Set(t *Table, key, value []byte) { panic("todo") }

// Delete removes a row, if it is there.
func (b *Batch) Delete(t *Table, key []byte) { panic("todo") }

// SetOffset sets the changelog offset that comes next: one past the last record applied.
func (b *Batch) SetOffset(t *Table, next int64) { panic("todo") }

// SetIdentity sets what the offset refers to.
func (b *Batch) SetIdentity(t *Table, id Identity) { panic("todo") }

// Clear removes all rows, the offset and the identity of t. Writes that follow in the batch are kept.
func (b *Batch) Clear(t *Table) { panic("todo") }

// Len is the number of writes.
func (b *Batch) Len() int { panic("todo") }

// Size is the number of bytes that the batch holds, about.
func (b *Batch) Size() int { panic("todo") }

// Commit does all the writes or, with an error, none. When it returns they can be read.
func (b *Batch) Commit() error { panic("todo") }

// Discard drops the batch.
func (b *Batch) Discard() { panic("todo") }

// Name is the name that the handle was asked for with.
func (t *Table) Name() string { panic("todo") }

// Get returns the value at key and whether there is one. The caller owns the value.
func (t *Table) Get(key []byte) ([]byte, bool, error) { panic("todo") }

// Has reports whether there is a row at key.
func (t *Table) Has(key []byte) (bool, error) { panic("todo") }

// Offset returns the changelog offset that comes next, and whether one was ever set.
func (t *Table) Offset() (next int64, ok bool, err error) { panic("todo") }

// Identity returns what the offset refers to; the zero Identity if it was never set.
func (t *Table) Identity() (Identity, error) { panic("todo") }

// Range iterates over the rows with from <= key < to in the order of keys, as they were at the start of the iteration. A nil
// bound is open. Key and value are valid until the next step. An error is yielded last, with an empty row.
func (t *Table) Range(from, to []byte) iter.Seq2[Row, error] { panic("todo") }

// Prefix iterates over the rows whose key begins with prefix, like [Table.Range].
func (t *Table) Prefix(prefix []byte) iter.Seq2[Row, error] { panic("todo") }

// Reverse iterates like [Table.Range], from the last row to the first.
func (t *Table) Reverse(from, to []byte) iter.Seq2[Row, error] { panic("todo") }

// Clear removes all rows, the offset and the identity.
func (t *Table) Clear() error { panic("todo") }

// Count counts the rows. It reads them all.
func (t *Table) Count() (int, error) { panic("todo") }
