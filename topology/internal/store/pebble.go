package store

import (
	"bytes"
	"errors"
	"iter"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// disk is the back end on disk. It has no write-ahead log: a commit goes to the memtable, and the memtables go to disk in
// the order of the commits, so what a crash leaves is a prefix of them.
type disk struct {
	db   *pebble.DB
	f    *failing
	keys *filter // of all keys; nil: there were some when the store was opened
}

// empty reports whether there is no key.
func (d disk) empty() (bool, error) {
	it, err := d.db.NewIter(nil)
	if err != nil {
		return false, err
	}
	found := it.First()
	return !found, it.Close()
}

func (d disk) get(key []byte) ([]byte, bool, error) {
	if d.keys.lacks(key) {
		return nil, false, nil
	}
	value, closer, err := d.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, d.f.read(err)
	}
	owned := append(make([]byte, 0, len(value)), value...)
	return owned, true, closer.Close()
}

// getMany reads through one iterator, which goes on from row to row while the keys are near each other, and asks the filters of the files once
// they are not: it is as quick as get for keys that lie far apart, and several times as quick for those that are near, or absent. A few keys are not
// worth an iterator.
func (d disk) getMany(keys [][]byte, each func(i int, value []byte, ok bool) error) error {
	likely := 0
	for _, key := range keys {
		if !d.keys.lacks(key) {
			likely++
		}
	}
	if likely <= fewKeys {
		for i, key := range keys {
			value, ok, err := d.get(key)
			if err == nil {
				err = each(i, value, ok)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	it, err := d.db.NewIter(nil)
	if err != nil {
		return d.f.read(err)
	}
	defer it.Close() // its error is that of Error
	steps := nearKeys{it: it}
	for i, key := range keys {
		if d.keys.lacks(key) || !steps.to(key) {
			if err := it.Error(); err != nil {
				return d.f.read(err)
			}
			if err := each(i, nil, false); err != nil {
				return err
			}
			continue
		}
		value, err := it.ValueAndErr()
		if err != nil {
			return d.f.read(err)
		}
		if err := each(i, append(make([]byte, 0, len(value)), value...), true); err != nil {
			return err
		}
	}
	return nil
}

// nearKeys moves an iterator to keys in order.
type nearKeys struct {
	it   *pebble.Iterator
	at   bool // the iterator is at a row, or behind all of them, from which it can go on
	far  int  // how many keys in turn were too far to go to
	seek bool // keys are far apart: each is looked for by itself
}

const (
	fewKeys   = 2
	nearSteps = 8 // how many rows a key may be ahead and still be near
	nearTries = 2 // how many keys in turn may not be
)

// to moves on to a key, and reports whether there is a row.
func (n *nearKeys) to(key []byte) bool {
	if n.seek {
		return n.it.SeekPrefixGE(key) && bytes.Equal(n.it.Key(), key)
	}
	for step := 0; n.at && step <= nearSteps; step++ {
		if !n.it.Valid() {
			return false
		}
		if c := bytes.Compare(n.it.Key(), key); c >= 0 {
			n.far = 0
			return c == 0
		}
		n.it.Next()
	}
	if n.at {
		if n.far++; n.far == nearTries {
			n.seek = true
			return n.to(key)
		}
	}
	n.at = true
	return n.it.SeekGE(key) && bytes.Equal(n.it.Key(), key)
}

func (d disk) has(key []byte) (bool, error) {
	if d.keys.lacks(key) {
		return false, nil
	}
	_, closer, err := d.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, d.f.read(err)
	}
	return true, closer.Close()
}

func (d disk) scan(from, to []byte, reverse bool) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		it, err := d.db.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
		if err != nil {
			yield(Row{}, d.f.read(err))
			return
		}
		defer it.Close() // its error is that of Error
		first, next := it.First, it.Next
		if reverse {
			first, next = it.Last, it.Prev
		}
		for ok := first(); ok; ok = next() {
			value, err := it.ValueAndErr()
			if err != nil {
				yield(Row{}, d.f.read(err))
				return
			}
			if !yield(Row{Key: it.Key(), Value: value}, nil) {
				return
			}
		}
		if err := it.Error(); err != nil {
			yield(Row{}, d.f.read(err))
		}
	}
}

func (d disk) flush() error { return d.f.whileIn(d.db.Flush) }

// close leaves behind what waits for a disk that has failed.
func (d disk) close() error {
	if d.f.failure() == nil {
		return d.db.Close()
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_ = d.db.Close() // it has failed, and said so
	}()
	select {
	case <-closed:
	case <-time.After(closeWithin):
	}
	return nil
}

func (d disk) failed() *failing { return d.f }

func (d disk) writes() writes { return diskWrites{d.db.NewBatch(), d.f, d.keys} }

type diskWrites struct {
	batch *pebble.Batch
	f     *failing
	keys  *filter
}

func (w diskWrites) set(key, value []byte) error {
	w.keys.add(key)
	return w.batch.Set(key, value, nil)
}

func (w diskWrites) remove(key []byte) error { return w.batch.Delete(key, nil) }

func (w diskWrites) removeRange(from, to []byte) error { return w.batch.DeleteRange(from, to, nil) }

func (w diskWrites) size() int { return w.batch.Len() }

func (w diskWrites) commit() error {
	return w.f.whileIn(func() error {
		// Without a log pebble refuses a synchronised write.
		return errors.Join(w.batch.Commit(pebble.NoSync), w.batch.Close())
	})
}

func (w diskWrites) discard() { _ = w.batch.Close() }
