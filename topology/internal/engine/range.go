package engine

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/RaduBerinde/btreemap"

	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// version is a row as it was written.
type version struct {
	value any
	ok    bool
}

// ordered is rows by key.
type ordered = btreemap.BTreeMap[string, version]

func newOrdered() *ordered { return btreemap.New[string, version](32, strings.Compare) }

// Range implements [kernel.Rows].
func (r *rows) Range(from, to []byte) iter.Seq2[kernel.Row, error] {
	return func(yield func(kernel.Row, error) bool) {
		if !r.task.active() {
			yield(kernel.Row{}, errStopped)
			return
		}
		for row, err := range r.scan(from, to) {
			if !yield(row, err) {
				return
			}
			if !r.task.active() {
				yield(kernel.Row{}, errStopped)
				return
			}
		}
	}
}

// scan iterates over rows. It merges three layers, the upper before the lower: the open batch, the batch that is being committed,
// and the store, which is read in parts. Of the open batch it has a copy on write; the one below does not change any more; and nothing
// gets into the store meanwhile but what that one has. So all parts are of one moment, whatever is written or committed while they are read.
func (r *rows) scan(from, to []byte) iter.Seq2[kernel.Row, error] {
	return func(yield func(kernel.Row, error) bool) {
		r.sort()
		layers := []*layer{newLayer(r.sorted.Clone(), from, to)}
		if r.task.committed.Load() < r.flyingSeq {
			layers = append(layers, newLayer(r.flying, from, to))
		} else {
			r.flying = nil // it is in the store
		}
		stored := storedPart{table: r.table, from: from, to: to}
		for {
			lowest, err := stored.peek()
			if err != nil {
				yield(kernel.Row{}, fmt.Errorf("table %q: %w", r.def.Topic.Name, err))
				return
			}
			var top *layer // the uppermost that has the lowest key
			key, more := lowest.Key, lowest.Key != nil
			for _, l := range slices.Backward(layers) {
				if l.ok && (!more || l.key <= string(key)) {
					key, top, more = []byte(l.key), l, true
				}
			}
			if !more {
				return
			}
			row, ok := kernel.Row{Key: key}, true
			switch {
			case top == nil:
				row.Value, err = r.decoded(lowest)
			default:
				row.Value, ok = top.value.value, top.value.ok
				r.task.spoils = r.task.spoils || top == layers[0] // what the handler changes in it is in the batch at once
				if w := r.cache.Get(key); w != nil {
					r.touch(w)
				}
			}
			for _, l := range layers {
				l.pass(key)
			}
			if bytes.Equal(lowest.Key, key) {
				stored.pass()
			}
			if ok && !yield(row, err) {
				return
			}
		}
	}
}

// sort sees to it that written rows are kept in order, from the first iteration on.
func (r *rows) sort() {
	if r.sorted != nil {
		return
	}
	r.sorted = newOrdered()
	for _, w := range r.dirty {
		r.sorted.ReplaceOrInsert(w.Key, version{w.Value.value, w.Value.ok})
	}
	b := r.task.flight.Load()
	if b == nil {
		return
	}
	r.flying, r.flyingSeq = newOrdered(), b.seq
	for _, row := range b.of(r) {
		// It is in the cache until it is committed. Where it was written again, the open batch has the newer one.
		if w := r.cache.Get(row.key); w != nil && !w.Value.dirty() {
			r.flying.ReplaceOrInsert(w.Key, version{w.Value.value, w.Value.ok})
		}
	}
}

// decoded is the value of a stored row that no layer above has.
func (r *rows) decoded(stored store.Row) (any, error) {
	// One that was written since the iteration began is not what it was.
	if w := r.cache.Get(stored.Key); w != nil && !w.Value.dirty() {
		r.touch(w)
		return w.Value.value, nil
	}
	value, err := r.def.Decode(stored.Value)
	if err != nil {
		return nil, fmt.Errorf("table %q, row %s: %w", r.def.Topic.Name, kernel.Quote(stored.Key), err)
	}
	return value, nil
}

// layer is an iteration over rows that were written, at one of them.
type layer struct {
	rows  *ordered
	to    btreemap.UpperBound[string]
	key   string
	value version
	ok    bool
}

func newLayer(rows *ordered, from, to []byte) *layer {
	l := &layer{rows: rows, to: btreemap.Max[string]()}
	if to != nil {
		l.to = btreemap.LT(string(to))
	}
	l.seek(btreemap.GE(string(from)))
	return l
}

func (l *layer) seek(from btreemap.LowerBound[string]) {
	l.ok = false
	for key, value := range l.rows.Ascend(from, l.to) {
		l.key, l.value, l.ok = key, value, true
		return
	}
}

// pass goes on behind a key.
func (l *layer) pass(key []byte) {
	if l.ok && l.key == string(key) {
		l.seek(btreemap.GT(l.key))
	}
}

// The parts in which a store is read grow from partFirst rows to partMost, or partBytes. No iterator of the store is open in between: a
// handler that takes its time holds nothing back.
const (
	partFirst = 8
	partMost  = 256
	partBytes = 64 << 10
)

// storedPart is an iteration over a table of the store, at a row of the part that was read.
type storedPart struct {
	table    *store.Table
	from, to []byte
	part     []store.Row
	size     int
	over     bool // nothing is left behind the part
}

// peek returns the row at hand, with a nil key if there is none.
func (s *storedPart) peek() (store.Row, error) {
	if len(s.part) == 0 && !s.over {
		if err := s.read(); err != nil {
			return store.Row{}, err
		}
	}
	if len(s.part) == 0 {
		return store.Row{}, nil
	}
	return s.part[0], nil
}

func (s *storedPart) pass() { s.part = s.part[1:] }

// read reads the next part. What is read is copied: rows may be kept.
func (s *storedPart) read() error {
	s.size = min(max(2*s.size, partFirst), partMost)
	bytesRead := 0
	for row, err := range s.table.Range(s.from, s.to) {
		if err != nil {
			return err
		}
		if len(s.part) == s.size || bytesRead >= partBytes {
			s.from = bytes.Clone(row.Key)
			return nil
		}
		buf := append(append(make([]byte, 0, len(row.Key)+len(row.Value)), row.Key...), row.Value...)
		s.part = append(s.part, store.Row{Key: buf[:len(row.Key):len(row.Key)], Value: buf[len(row.Key):]})
		bytesRead += len(buf)
	}
	s.over = true
	return nil
}
