package topology

import (
	"bytes"
	"container/heap"
	"errors"
	"fmt"
	"iter"

	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// Entry is a row of a table.
type Entry[K, V any] struct {
	Key   K
	Value V
}

// All iterates over all rows in the order of their encoded keys. Each partition is as it was when the iteration began. A row whose key or
// value cannot be decoded is yielded in its place as an error that wraps [ErrDecode], with a zero entry, and the iteration goes on behind it, if
// the loop does. Any other error of [View.Get] is yielded last.
func (v *View[K, V]) All() iter.Seq2[Entry[K, V], error] { return v.Prefix(nil) }

// Prefix iterates like [View.All] over the rows whose encoded key begins with prefix.
func (v *View[K, V]) Prefix(prefix []byte) iter.Seq2[Entry[K, V], error] {
	return func(yield func(Entry[K, V], error) bool) {
		if err := v.rows.readable(); err != nil {
			yield(Entry[K, V]{}, err)
			return
		}
		for row, err := range v.rows.prefix(prefix) {
			var e Entry[K, V]
			if err == nil {
				e, err = v.entry(row)
			}
			if err != nil && !errors.Is(err, ErrDecode) {
				yield(Entry[K, V]{}, closedError(err))
				return
			}
			if err != nil {
				e = Entry[K, V]{}
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// entry decodes a row of an iteration, whose bytes are only lent: what a codec keeps is copied first.
func (v *View[K, V]) entry(row store.Row) (Entry[K, V], error) {
	data := bytes.Clone(row.Key)
	key, err := v.key.Decode(data)
	if err != nil {
		return Entry[K, V]{}, fmt.Errorf("%w: key %s of %q: %w", ErrDecode, kernel.Quote(data), v.rows.topic, err)
	}
	value, err := v.decode(data, append(make([]byte, 0, len(row.Value)), row.Value...))
	return Entry[K, V]{Key: key, Value: value}, err
}

// prefix merges the partitions.
func (f *follower) prefix(prefix []byte) iter.Seq2[store.Row, error] {
	return func(yield func(store.Row, error) bool) {
		var heads scans
		defer func() {
			for _, s := range heads {
				s.stop()
			}
		}()
		for _, t := range f.tables {
			s := &scan{}
			s.next, s.stop = iter.Pull2(t.Prefix(prefix))
			ok, err := s.step()
			if err != nil {
				s.stop()
				yield(store.Row{}, err)
				return
			}
			if ok {
				heads = append(heads, s)
			} else {
				s.stop()
			}
		}
		heap.Init(&heads)
		for len(heads) > 0 {
			first := heads[0]
			if !yield(first.row, nil) {
				return
			}
			ok, err := first.step()
			switch {
			case err != nil:
				yield(store.Row{}, err)
				return
			case ok:
				heap.Fix(&heads, 0)
			default:
				first.stop()
				heap.Pop(&heads)
			}
		}
	}
}

// scan is an iteration over one partition, at a row.
type scan struct {
	row  store.Row
	next func() (store.Row, error, bool)
	stop func()
}

// step goes to the next row and reports whether there is one.
func (s *scan) step() (bool, error) {
	row, err, ok := s.next()
	s.row = row
	return ok && err == nil, err
}

// scans is a heap by key.
type scans []*scan

func (s scans) Len() int           { return len(s) }
func (s scans) Less(i, j int) bool { return bytes.Compare(s[i].row.Key, s[j].row.Key) < 0 }
func (s scans) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *scans) Push(x any)        { *s = append(*s, x.(*scan)) }

func (s *scans) Pop() any {
	old := *s
	last := old[len(old)-1]
	*s = old[:len(old)-1]
	return last
}
