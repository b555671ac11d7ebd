package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// timers are the timers of a task of one declaration. Their rows say when the timer of each key is due; an index, which is in the local
// store alone and is derived from the rows, has them in the order of time. They belong to the task's goroutine.
//
// Usually a key has one time. It may have several after a crash, with at-least-once: see [timers.seal].
type timers struct {
	task   *task
	def    *kernel.Timers
	handle kernel.Handler
	rows   *rows // of due
	index  *rows
	next   upcoming
	open   map[string]*touch // the keys of the open batch
	was    []untouched       // what the running handler has changed in open
}

// due are the times of a key's timer, in order, in milliseconds since 1970. It is not changed.
type due []int64

// untouched is a key of the open batch before a change.
type untouched struct {
	key string
	touch
	ok bool // it was touched before
}

// touch is what has become of a key's timer in the open batch.
type touch struct {
	explicit bool    // a handler has set or cancelled it
	fired    []int64 // times that were there before the batch
}

var _ kernel.Schedule = (*timers)(nil)

func newTimers(t *task, def *kernel.Timers, table, index *store.Table) *timers {
	byKey := timesOf(def)
	byTime := &kernel.Table{Topic: def.Table.Topic, Encode: encodeNothing, Decode: decodeNothing}
	tm := &timers{task: t, def: def, handle: def.Handle, rows: newRows(t, byKey, table), index: newRows(t, byTime, index), open: map[string]*touch{}}
	tm.rows.timers = tm
	tm.index.local = true
	tm.next = newUpcoming(tm.index)
	return tm
}

// timesOf is the table of timers with the codec of its rows.
func timesOf(def *kernel.Timers) *kernel.Table {
	of := *def.Table
	of.Encode, of.Decode = encodeDue, decodeDue
	return &of
}

// Get implements [kernel.Schedule]. Of several times it is the last, which was set last.
func (tm *timers) Get(key []byte) (time.Time, bool, error) {
	times, err := tm.due(key)
	if err != nil || len(times) == 0 {
		return time.Time{}, false, err
	}
	return time.UnixMilli(times[len(times)-1]), true, nil
}

// Set implements [kernel.Schedule].
func (tm *timers) Set(key []byte, at time.Time) error {
	old, err := tm.due(key)
	if err != nil {
		return err
	}
	now := due{toMillis(at)}
	if slices.Equal(old, now) {
		return nil
	}
	if err := tm.rows.Set(key, now); err != nil {
		return err
	}
	tm.touch(key).explicit = true
	return tm.reindex(key, old, now)
}

// Cancel implements [kernel.Schedule].
func (tm *timers) Cancel(key []byte) error {
	old, err := tm.due(key)
	if err != nil || len(old) == 0 {
		return err
	}
	if err := tm.rows.Delete(key); err != nil {
		return err
	}
	tm.touch(key).explicit = true
	return tm.reindex(key, old, nil)
}

// take takes a time that has come from a key's timer, whose handler is about to be called.
func (tm *timers) take(key []byte, at int64) error {
	old, err := tm.due(key)
	if err != nil {
		return err
	}
	i, ok := slices.BinarySearch(old, at)
	if !ok {
		return fmt.Errorf("timers %q, key %s: %w", tm.rows.tp.Topic, kernel.Quote(key), errIndex)
	}
	left := slices.Delete(slices.Clone(old), i, i+1)
	if len(left) > 0 {
		err = tm.rows.Set(key, left)
	} else {
		err = tm.rows.Delete(key)
	}
	if err != nil {
		return err
	}
	if c := tm.touch(key); !c.explicit {
		c.fired = append(c.fired, at)
	}
	return tm.reindex(key, old, left)
}

// errIndex says that the local store is damaged.
var errIndex = errors.New("the index of the local store has a time that the timer has not: where the store is deleted, it is built again from Kafka")

// due returns the times of a key.
func (tm *timers) due(key []byte) (due, error) {
	row, ok, err := tm.rows.Get(key)
	if err != nil || !ok {
		return nil, err
	}
	return row.(due), nil
}

func (tm *timers) touch(key []byte) *touch {
	c := tm.open[string(key)]
	before := untouched{key: string(key), ok: c != nil}
	if c == nil {
		c = &touch{}
		tm.open[before.key] = c
	}
	if before.touch = *c; tm.task.p.lenient {
		tm.was = append(tm.was, before)
	}
	return c
}

// undo takes back what the handler that failed did, after its rows.
func (tm *timers) undo() {
	if len(tm.was) == 0 {
		return
	}
	for _, before := range slices.Backward(tm.was) {
		if before.ok {
			*tm.open[before.key] = before.touch
		} else {
			delete(tm.open, before.key)
		}
	}
	tm.next = newUpcoming(tm.index)
}

// forget drops what the open batch has. Nothing of it is being committed.
func (tm *timers) forget() {
	clear(tm.open)
	tm.next = newUpcoming(tm.index)
}

// reindex brings the index, and what is known of its beginning, up to date with a key.
func (tm *timers) reindex(key []byte, old, now due) error {
	for _, at := range old {
		if slices.Contains(now, at) {
			continue
		}
		entry := indexKey(at, key)
		if err := tm.index.Delete(entry); err != nil {
			return err
		}
		tm.next.remove(entry)
	}
	for _, at := range now {
		if slices.Contains(old, at) {
			continue
		}
		entry := indexKey(at, key)
		if err := tm.index.Set(entry, nil); err != nil {
			return err
		}
		tm.next.add(entry)
	}
	return nil
}

// seal adds the timers' changes to a batch that is cut.
//
// With exactly-once they are committed with all else. With at-least-once a crash may come in the middle of a commit, and then
//
//   - a timer that a handler has set must be in the log before a state that says so: the record's replay would find that state and not set
//     it. The same goes for one that was cancelled. Its replay does both once more, which does no harm.
//   - a timer that has fired must be in the log until all that it led to is: nothing but the timer itself makes it fire again.
//
// So what handlers have done goes first, with a timer that has fired still in it if its key has been set since; and the end of those that
// have fired goes last. A key whose timer has fired and was set again has both times in between, and after a crash there.
func (tm *timers) seal(b *batch) error {
	index, err := tm.index.encode(b)
	if err != nil {
		return err
	}
	list, err := tm.rows.encode(b)
	if err != nil || len(list) == 0 {
		return err
	}
	b.local = append(b.local, changes{of: tm.index, rows: index})
	b.keys += len(list)
	touched := tm.open
	tm.open = map[string]*touch{}
	if tm.task.p.delivery == ExactlyOnce {
		b.rows = append(b.rows, changes{of: tm.rows, rows: list})
		return nil
	}
	var set, fired []change
	for _, c := range list {
		by := touched[string(c.key)]
		if len(by.fired) > 0 {
			fired = append(fired, c)
		}
		if len(by.fired) > 0 && by.explicit {
			left, err := decodeDue(c.value)
			if err != nil {
				return err
			}
			both := append(slices.Clone(left.(due)), by.fired...)
			slices.Sort(both)
			if c.value, err = encodeDue(slices.Compact(both)); err != nil {
				return err
			}
		}
		if by.explicit {
			set = append(set, c)
		}
	}
	if len(set) > 0 {
		b.set = append(b.set, changes{of: tm.rows, rows: set})
	}
	if len(fired) > 0 {
		b.fired = append(b.fired, changes{of: tm.rows, rows: fired})
	}
	return nil
}

// derived keeps an index in step while the rows are loaded.
func derived(index *store.Table) *changelog.Derived {
	return &changelog.Derived{Table: index, Row: func(b *store.Batch, key, old, now []byte) error {
		before, err := decodeDue(old)
		if err != nil {
			return err
		}
		after, err := decodeDue(now)
		if err != nil {
			return err
		}
		for _, at := range before.(due) {
			b.Delete(index, indexKey(at, key))
		}
		for _, at := range after.(due) {
			b.Set(index, indexKey(at, key), nil)
		}
		return nil
	}}
}

// indexKey is the key of the index: the time, eight bytes, big-endian, and the timer's key.
func indexKey(at int64, key []byte) []byte {
	return append(binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(key)), uint64(at)), key...)
}

// splitIndexKey is the reverse of indexKey.
func splitIndexKey(entry []byte) (at int64, key []byte) {
	return int64(binary.BigEndian.Uint64(entry)), entry[8:]
}

var errDue = errors.New("bytes are no times of a timer")

// encodeDue: the times in order, eight bytes each, big-endian.
func encodeDue(row any) ([]byte, error) {
	var data []byte
	for _, at := range row.(due) {
		data = binary.BigEndian.AppendUint64(data, uint64(at))
	}
	return data, nil
}

func decodeDue(data []byte) (any, error) {
	if len(data)%8 != 0 {
		return nil, fmt.Errorf("%w: %x", errDue, data)
	}
	times := make(due, 0, len(data)/8)
	for ; len(data) > 0; data = data[8:] {
		at := int64(binary.BigEndian.Uint64(data))
		if at < 0 || at > maxMillis {
			return nil, fmt.Errorf("%w: %x", errDue, data[:8])
		}
		times = append(times, at)
	}
	return times, nil
}

func encodeNothing(any) ([]byte, error) { return []byte{}, nil }

func decodeNothing([]byte) (any, error) { return nil, nil }

// maxMillis is [kernel.MaxTime].
var maxMillis = kernel.MaxTime.UnixMilli()

// toMillis is a time in milliseconds since 1970, rounded up, so that nothing fires before its time.
func toMillis(at time.Time) int64 {
	if at.After(kernel.MaxTime) {
		return maxMillis
	}
	return floorMillis(at.Add(time.Millisecond - 1))
}
