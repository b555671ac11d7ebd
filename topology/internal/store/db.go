package store

import (
	"encoding/binary"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
)

// The keyspaces. Every key begins with the byte of its own; a table's keys go on with its id, 4 bytes big-endian.
const (
	spaceFormat   = 0x00 // -> version of this layout
	spaceName     = 0x01 // name of a table -> its id
	spaceProgress = 0x02 // id -> how far the changelog was applied
	spaceIdentity = 0x03 // id -> identity
	spaceRow      = 0x04 // id, key -> value
)

// formatVersion is that of the layout; see [checkFormat].
const formatVersion = 2

// backend is an ordered map of bytes with atomic writes. Its methods are safe for concurrent use; keys and values
// passed in are copied.
type backend interface {
	// get returns a copy of the value.
	get(key []byte) ([]byte, bool, error)
	// getMany calls each with a copy of the value of every key, in the order of the keys, which is that of bytes.
	getMany(keys [][]byte, each func(i int, value []byte, ok bool) error) error
	has(key []byte) (bool, error)
	// scan yields a snapshot of from <= key < to; what it yields is valid until the next step.
	scan(from, to []byte, reverse bool) iter.Seq2[Row, error]
	writes() writes
	flush() error
	close() error
	// failed is the end of a back end that cannot go on; nil: it always can.
	failed() *failing
}

// writes is a batch of a back end. It ends with commit or discard.
type writes interface {
	set(key, value []byte) error
	remove(key []byte) error
	removeRange(from, to []byte) error
	size() int
	commit() error
	discard()
}

// DB is a set of tables. It is safe for concurrent use.
type DB struct {
	backend  backend
	gate     gate
	outdated byte // the older format that the store had when it was opened; 0: none

	mu     sync.Mutex
	tables map[string]*Table
	nextID uint32

	closing  sync.Once
	closeErr error
	stop     chan struct{} // ends the flusher
	stopped  chan struct{}
}

// newDB reads the catalogue of tables.
func newDB(b backend) (*DB, error) {
	db := &DB{backend: b, tables: map[string]*Table{}, nextID: 1, stop: make(chan struct{}), stopped: make(chan struct{})}
	close(db.stopped) // no flusher yet
	db.gate.init()
	var err error
	if db.outdated, err = checkFormat(b); err != nil {
		return nil, err
	}
	for row, err := range b.scan([]byte{spaceName}, []byte{spaceName + 1}, false) {
		if err != nil {
			return nil, fmt.Errorf("read tables of store: %w", err)
		}
		name, id := string(row.Key[1:]), binary.BigEndian.Uint32(row.Value)
		db.tables[name] = newTable(db, name, id)
		db.nextID = max(db.nextID, id+1)
	}
	return db, nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Table returns the table of that name, which is empty before its first write. The caller composes the name:
// what must not share rows must not share a name. The error is the back end's, or [ErrClosed].
func (db *DB) Table(name string) (*Table, error) {
	if !db.gate.enter() {
		return nil, ErrClosed
	}
	defer db.gate.leave()
	db.mu.Lock()
	defer db.mu.Unlock()
	if t := db.tables[name]; t != nil {
		return t, nil
	}
	// The name is written before any row of the table can be. So what a crash leaves of the store, a
	// prefix of its commits, never has rows whose id could be given again.
	t := newTable(db, name, db.nextID)
	w := db.backend.writes()
	if err := firstError(w.set(append([]byte{spaceName}, name...), binary.BigEndian.AppendUint32(nil, t.id)), w.commit()); err != nil {
		return nil, fmt.Errorf("add table %q: %w", name, err)
	}
	db.nextID++
	db.tables[name] = t
	return t, nil
}

// Names lists the tables that there are, in order.
func (db *DB) Names() []string {
	db.mu.Lock()
	defer db.mu.Unlock()
	return slices.Sorted(maps.Keys(db.tables))
}

// Batch returns a new, empty batch.
func (db *DB) Batch() *Batch {
	return &Batch{db: db, writes: db.backend.writes()}
}

// Failed is closed when the store cannot go on, because its disk is full or its files are damaged; [DB.Failure] says why. What is asked of it
// from then on fails at once.
func (db *DB) Failed() <-chan struct{} {
	if f := db.backend.failed(); f != nil {
		return f.done
	}
	return nil
}

// Failure is why the store cannot go on; nil if it can.
func (db *DB) Failure() error {
	if f := db.backend.failed(); f != nil {
		return f.failure()
	}
	return nil
}

// Flush makes everything committed so far durable.
func (db *DB) Flush() error {
	if !db.gate.enter() {
		return ErrClosed
	}
	defer db.gate.leave()
	return db.backend.flush()
}

// Close makes everything durable and closes. It waits for running calls; iterations end with [ErrClosed] at their next
// step. Further calls return what the first did.
func (db *DB) Close() error {
	db.closing.Do(func() {
		close(db.stop)
		<-db.stopped
		db.gate.close()
		var err error
		if db.Failure() == nil {
			err = db.backend.flush()
		}
		db.closeErr = firstError(err, db.backend.close())
	})
	return db.closeErr
}
