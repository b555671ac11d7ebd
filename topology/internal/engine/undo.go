package engine

import (
	"fmt"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// mark is a place in an open batch, between two messages. That of each table is its own.
type mark struct {
	outputs        [2]int
	emitted, bytes int
	changed        bool
}

func (b *batch) mark() mark {
	return mark{outputs: [2]int{len(b.outputs[first]), len(b.outputs[last])}, emitted: b.emitted, bytes: b.bytes, changed: b.changed}
}

// packedMessage is a message for a pack. It gets there when the handler that emitted it has returned.
type packedMessage struct {
	to    *packing
	key   []byte
	value []byte
	kernel.Emission
}

// keep takes what a handler emitted to packs into the batch.
func (b *batch) keep(list []packedMessage, by origin) {
	for i := range list {
		list[i].to.add(b, &list[i], by)
	}
	if b.isolated {
		for _, p := range b.packs {
			p.flush(b)
		}
	}
}

// beginMessage is called before a handler.
func (t *task) beginMessage(m *kernel.Message) {
	t.handled++
	t.msg, t.spoils, t.deep, t.flying, t.emitted = m, false, false, false, 0
	clear(t.packed)
	t.packed = t.packed[:0]
	for _, r := range t.kept {
		r.touched, r.mark = r.touched[:0], len(r.dirty)
	}
	for _, tm := range t.time.timers {
		tm.was = tm.was[:0]
	}
}

// undo takes what the message that failed did out of the open batch. What it emitted is never in it then; undone says whether its rows are not.
func (t *task) undo(to mark) {
	b := t.cur
	for g, n := range to.outputs {
		clear(b.outputs[g][n:])
		b.outputs[g] = b.outputs[g][:n]
	}
	b.emitted, b.bytes, b.changed = to.emitted, to.bytes, to.changed
	t.undone = true
	for _, r := range t.kept {
		t.undone = t.undone && r.undo()
	}
	if !t.undone {
		return
	}
	for _, tm := range t.time.timers {
		tm.undo()
	}
}

// check looks whether the rows that the message wrote can be committed, and keeps them as they are, for the messages behind it to be undone.
func (t *task) check() error {
	for _, r := range t.kept {
		if err := r.check(); err != nil {
			return err
		}
	}
	return nil
}

// touchedMost bounds the rows that are kept in mind for one message. Where there are more the whole batch is given up.
const touchedMost = 4096

// touch notes that the running handler has got a row.
func (r *rows) touch(w *row) {
	t, s := r.task, &w.Value
	if !t.p.lenient || s.touched == t.handled {
		return
	}
	s.touched = t.handled
	switch {
	case s.dirty():
		t.deep = t.deep || s.written.since != t.handled
	case s.seq > t.committed.Load():
		t.flying = true
	}
	if len(r.touched) >= touchedMost {
		t.flying = true
		return
	}
	r.touched = append(r.touched, w)
}

// undo takes the rows of the message out of the open batch, and reports whether it could. A handler may change what it gets without a word, so
// what it has got is forgotten, too.
func (r *rows) undo() bool {
	t, b := r.task, r.task.cur
	switch {
	case !t.p.lenient:
		return !t.spoils
	case t.flying: // the store has not got all of them yet
		return false
	case t.deep && !b.careful:
		return false
	}
	for _, w := range r.touched {
		if w.Value.dirty() && w.Value.written.since != t.handled {
			if !r.revert(w) {
				return false
			}
			continue
		}
		if w.Value.dirty() && r.sorted != nil {
			r.sorted.Delete(w.Key)
		}
		r.cache.Remove(w)
	}
	clear(r.dirty[r.mark:])
	r.dirty = r.dirty[:r.mark]
	return true
}

// revert brings a row that was written in the open batch back to what it was before the message.
func (r *rows) revert(w *row) bool {
	s := &w.Value
	kept := s.written.kept
	s.value, s.ok = nil, kept != nil
	if s.ok {
		if err := guard(func() (err error) {
			s.value, err = r.def.Decode(kept)
			return err
		}); err != nil {
			return false
		}
	}
	if r.sorted != nil {
		r.sorted.ReplaceOrInsert(w.Key, version{s.value, s.ok})
	}
	return true
}

// check encodes the rows that the message wrote.
func (r *rows) check() error {
	for _, w := range r.touched {
		if !w.Value.dirty() {
			continue
		}
		data, _, err := r.encodeRow(w)
		if err != nil {
			return err
		}
		w.Value.written.kept = data
	}
	return nil
}

// encodeRow returns a row as it is written, nil for one that is deleted, and what it takes in memory.
func (r *rows) encodeRow(w *row) (data []byte, bytes int, err error) {
	s := &w.Value
	if !s.ok {
		return nil, 0, nil
	}
	err = guard(func() (err error) {
		if data, err = r.def.Encode(s.value); err == nil {
			bytes = r.meter.Estimate(s.value, len(data))
		}
		return err
	})
	if data == nil {
		data = []byte{} // a row without content; nil would delete it
	}
	if err == nil && !r.local {
		err = r.task.fits(len(w.Key)+len(data), nil)
	}
	if err != nil {
		return nil, 0, kernel.In(kernel.PhaseWrite, fmt.Errorf("table %q, row %s: %w", r.def.Topic.Name, kernel.Quote([]byte(w.Key)), err))
	}
	return data, bytes, nil
}
