package store

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/lovoo/goka/storage"
)

// Goka returns t as the storage of a goka table that is replicated: a recovery, a join, a view or a standby. Open
// calls load, which brings the table to its changelog's end, with a context that Close cancels.
//
// A value that goka writes is held until the offset that goka writes behind it, and both are committed at once; then
// every reader of t sees them. Nothing waits for a disk, so there is nothing to gain by larger batches but where much is
// behind, and that is load's work. Deletes and the offset 0 count like anything else.
//
// Goka counts the last offset applied, a table the next one; the adapter converts.
// Methods after Close return [ErrClosed]; the table stays open.
func Goka(t *Table, load func(ctx context.Context) error) storage.Storage {
	ctx, cancel := context.WithCancel(context.Background())
	return &gokaStorage{table: t, load: load, ctx: ctx, cancel: cancel}
}

type gokaStorage struct {
	table  *Table
	load   func(ctx context.Context) error
	ctx    context.Context // of load; Close cancels it because goka gives Open none
	cancel context.CancelFunc

	mu      sync.Mutex // also lets Close wait for what is running
	closed  bool
	pending *Batch            // not committed
	values  map[string][]byte // of pending; nil: deleted
}

func (s *gokaStorage) Open() error {
	if s.load == nil {
		return nil
	}
	return s.load(s.ctx)
}

// Close commits what is pending. Further calls do nothing.
func (s *gokaStorage) Close() error {
	s.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return s.commit()
}

// commit is called with the lock held.
func (s *gokaStorage) commit() error {
	if s.pending == nil {
		return nil
	}
	b := s.pending
	s.pending, s.values = nil, nil
	return b.Commit()
}

// batch is called with the lock held.
func (s *gokaStorage) batch() *Batch {
	if s.pending == nil {
		s.pending, s.values = s.table.db.Batch(), map[string][]byte{}
	}
	return s.pending
}

func (s *gokaStorage) locked(do func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	return do()
}

func (s *gokaStorage) Has(key string) (ok bool, err error) {
	err = s.locked(func() error {
		if value, held := s.values[key]; held {
			ok = value != nil
			return nil
		}
		ok, err = s.table.Has([]byte(key))
		return err
	})
	return ok, err
}

// Get returns nil where there is no row.
func (s *gokaStorage) Get(key string) (value []byte, err error) {
	err = s.locked(func() error {
		if held, ok := s.values[key]; ok {
			value = held
			return nil
		}
		value, _, err = s.table.Get([]byte(key))
		return err
	})
	return value, err
}

func (s *gokaStorage) Set(key string, value []byte) error {
	return s.locked(func() error {
		s.batch().Set(s.table, []byte(key), value)
		s.values[key] = append(make([]byte, 0, len(value)), value...)
		return nil
	})
}

func (s *gokaStorage) Delete(key string) error {
	return s.locked(func() error {
		s.batch().Delete(s.table, []byte(key))
		s.values[key] = nil
		return nil
	})
}

func (s *gokaStorage) GetOffset(otherwise int64) (offset int64, err error) {
	err = s.locked(func() error {
		if err := s.commit(); err != nil {
			return err
		}
		next, ok, err := s.table.Offset()
		if err != nil {
			return err
		}
		// A next offset of 0 says that there is nothing to have applied.
		if offset = next - 1; !ok || next == 0 {
			offset = otherwise
		}
		return nil
	})
	return offset, err
}

func (s *gokaStorage) SetOffset(offset int64) error {
	return s.locked(func() error {
		p, _, err := s.table.Progress()
		if err != nil {
			return err
		}
		p.Next, p.AsOf = offset+1, time.Now()
		s.batch().SetProgress(s.table, p)
		return s.commit()
	})
}

func (s *gokaStorage) MarkRecovered() error { return s.locked(s.commit) }

func (s *gokaStorage) Iterator() (storage.Iterator, error) { return s.IteratorWithRange(nil, nil) }

func (s *gokaStorage) IteratorWithRange(start, limit []byte) (storage.Iterator, error) {
	if err := s.locked(s.commit); err != nil {
		return nil, err
	}
	if len(limit) == 0 {
		limit = nil
	}
	return &gokaIterator{table: s.table, start: start, limit: limit}, nil
}

// gokaIterator pulls rows of a range. Its snapshot is taken at the first Next, and again at a Seek.
type gokaIterator struct {
	table        *Table
	start, limit []byte
	next         func() (Row, error, bool)
	stop         func()
	row          Row
	err          error
}

func (i *gokaIterator) Next() bool {
	if i.next == nil {
		i.next, i.stop = iter.Pull2(i.table.Range(i.start, i.limit))
	}
	row, err, ok := i.next()
	if err != nil {
		i.err, ok = err, false
	}
	i.row = row
	return ok
}

func (i *gokaIterator) Err() error { return i.err }

func (i *gokaIterator) Key() []byte { return i.row.Key }

func (i *gokaIterator) Value() ([]byte, error) { return i.row.Value, nil }

func (i *gokaIterator) Release() {
	if i.stop != nil {
		i.stop()
	}
}

// Seek reports whether there is a row at key or after it.
func (i *gokaIterator) Seek(key []byte) bool {
	i.Release()
	i.start, i.next, i.stop = key, nil, nil
	for _, err := range i.table.Range(i.start, i.limit) {
		i.err = err
		return err == nil
	}
	return false
}
