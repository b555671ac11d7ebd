package store

import (
	"bytes"
	"iter"
	"sync"

	"github.com/RaduBerinde/btreemap"
)

// memory is the back end in memory, a B-tree: inserting costs a search, not a sort, and a snapshot is a copy on write.
type memory struct {
	mu   sync.RWMutex
	tree *btreemap.BTreeMap[[]byte, []byte]
}

// OpenMemory returns an empty store in memory.
func OpenMemory() *DB {
	db, err := newDB(&memory{tree: btreemap.New[[]byte, []byte](32, bytes.Compare)})
	if err != nil {
		panic(err) // the memory back end returns no errors
	}
	return db
}

func (m *memory) get(key []byte) ([]byte, bool, error) {
	m.mu.RLock()
	_, value, ok := m.tree.Get(key)
	m.mu.RUnlock()
	if !ok {
		return nil, false, nil
	}
	return append(make([]byte, 0, len(value)), value...), true, nil
}

func (m *memory) getMany(keys [][]byte, each func(i int, value []byte, ok bool) error) error {
	for i, key := range keys {
		value, ok, err := m.get(key)
		if err == nil {
			err = each(i, value, ok)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) has(key []byte) (bool, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.tree.Has(key), nil
}

func (m *memory) scan(from, to []byte, reverse bool) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if bytes.Compare(from, to) >= 0 {
			return
		}
		m.mu.Lock()
		snapshot := m.tree.Clone()
		m.mu.Unlock()
		rows := snapshot.Ascend(btreemap.GE(from), btreemap.LT(to))
		if reverse {
			rows = snapshot.Descend(btreemap.LT(to), btreemap.GE(from))
		}
		for key, value := range rows {
			if !yield(Row{Key: key, Value: value}, nil) {
				return
			}
		}
	}
}

func (m *memory) flush() error { return nil }

func (m *memory) close() error { return nil }

func (m *memory) failed() *failing { return nil }

func (m *memory) writes() writes { return &memoryWrites{m: m} }

// memoryWrites is a list of operations in order.
type memoryWrites struct {
	m     *memory
	ops   []memoryOp
	bytes int
}

type memoryOp struct {
	key, value []byte // a nil value removes
	to         []byte // not nil: remove key <= k < to
}

func (w *memoryWrites) set(key, value []byte) error {
	// One allocation holds both. The value is never nil.
	buf := make([]byte, 0, len(key)+len(value)+1)
	buf = append(append(buf, key...), value...)
	w.add(memoryOp{key: buf[:len(key):len(key)], value: buf[len(key):]})
	return nil
}

func (w *memoryWrites) remove(key []byte) error {
	w.add(memoryOp{key: bytes.Clone(key)})
	return nil
}

func (w *memoryWrites) removeRange(from, to []byte) error {
	w.add(memoryOp{key: bytes.Clone(from), to: bytes.Clone(to)})
	return nil
}

func (w *memoryWrites) add(op memoryOp) {
	w.ops = append(w.ops, op)
	w.bytes += len(op.key) + len(op.value) + len(op.to)
}

func (w *memoryWrites) size() int { return w.bytes }

func (w *memoryWrites) commit() error {
	m := w.m
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, op := range w.ops {
		switch {
		case op.to != nil:
			m.removeRange(op.key, op.to)
		case op.value != nil:
			m.tree.ReplaceOrInsert(op.key, op.value)
		default:
			m.tree.Delete(op.key)
		}
	}
	w.ops = nil
	return nil
}

// removeRange is called with the lock held.
func (m *memory) removeRange(from, to []byte) {
	var keys [][]byte
	for key := range m.tree.Ascend(btreemap.GE(from), btreemap.LT(to)) {
		keys = append(keys, key)
	}
	for _, key := range keys {
		m.tree.Delete(key)
	}
}

func (w *memoryWrites) discard() { w.ops = nil }
