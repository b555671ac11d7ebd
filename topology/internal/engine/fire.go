package engine

import (
	"context"
	"slices"
	"time"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// wallTurn is how many handlers the wall clock may have called before the next record has its turn.
const wallTurn = 64

// lookAfter is how long a task waits at most for a time on the wall clock to come: clocks are set, and machines sleep.
const lookAfter = 5 * time.Second

// clockwork is what a task does by time. It belongs to the task's goroutine.
//
// Timers by stream time fire between two messages, as soon as the one that moved the time on is processed and before the next: so it depends on
// the records alone what a handler finds. Only where more are due than a batch holds do the rest of a pack's messages go before them. The wall
// clock's handlers take turns with records.
type clockwork struct {
	timers   []*timers
	ticks    []*tick
	walls    bool  // something goes by the wall clock
	stream   int64 // the stream time in milliseconds since 1970; 0: there is none
	wall     int64 // the wall clock when it was last looked at
	wallLeft int   // of wallTurn
	alarm    *time.Timer
}

// tick is a punctuation and when it is called next.
type tick struct {
	def    *kernel.Punctuation
	handle kernel.Handler
	next   time.Time
	seq    uint64 // the batch in which it was called last
}

// newClockwork returns what a task does by time beside its timers.
func (t *task) newClockwork() clockwork {
	w := clockwork{wallLeft: wallTurn}
	for _, def := range t.p.k.Every {
		w.ticks = append(w.ticks, &tick{def: def, handle: def.Handle, next: t.p.e.now().Add(def.Interval)})
	}
	w.walls = len(w.ticks) > 0
	for _, def := range t.p.k.Timers {
		w.walls = w.walls || def.Clock == kernel.WallClock
	}
	return w
}

// rewind goes back to where a batch began that is given up.
func (w *clockwork) rewind(b *batch, now time.Time) {
	w.stream = b.stream
	for _, k := range w.ticks {
		if k.seq == b.seq {
			k.next = now
		}
	}
}

// advance moves the stream time on to that of a message that was processed, and fires what is due. more says that the message is not the last of its
// pack. It reports whether the next may follow.
func (t *task) advance(ctx context.Context, m *kernel.Message, more bool) bool {
	w := &t.time
	w.stream = max(w.stream, floorMillis(m.Timestamp))
	if len(w.timers) == 0 {
		return true
	}
	for t.trouble.until.IsZero() && !t.trouble.again && !t.halted && (more || t.goesOn(ctx)) && t.fireDue(ctx, kernel.StreamTime, w.stream) {
	}
	if !more { // the record is complete, and what did not fire is still due
		return true
	}
	if !t.trouble.until.IsZero() && !t.trouble.again {
		t.giveUp() // it must not wait in the middle of a pack
	}
	return !t.halted && !t.trouble.again
}

// fire calls one handler whose time has come, and reports whether there was one.
func (t *task) fire(ctx context.Context) bool {
	w := &t.time
	if len(w.timers) > 0 && t.fireDue(ctx, kernel.StreamTime, w.stream) {
		return true
	}
	if !w.walls || w.wallLeft == 0 {
		return false
	}
	now := t.p.e.now()
	w.wall = floorMillis(now)
	if !t.punctuate(ctx, now) && !t.fireDue(ctx, kernel.WallClock, w.wall) {
		return false
	}
	w.wallLeft--
	return true
}

// fireDue fires the first timer of a clock, if its time has come and the batch has room.
func (t *task) fireDue(ctx context.Context, clock kernel.Clock, now int64) bool {
	tm, entry := t.earliest(clock)
	if tm == nil {
		return false
	}
	at, key := splitIndexKey(entry)
	if at > now {
		return false
	}
	t.owing.Store(true)
	if t.cur.full() {
		return false
	}
	m := &kernel.Message{Topic: tm.rows.tp.Topic, Partition: t.partition, Offset: -1, Key: key, Timestamp: time.UnixMilli(at)}
	f := t.trouble.of(m)
	given := f != nil && f.outcome != kernel.ActionUnset
	var stays error // the timer cannot be taken
	done := t.call(ctx, m, func(ctx context.Context, _ kernel.Task, m *kernel.Message) error {
		if stays = tm.take(key, at); stays != nil || given {
			return stays
		}
		return tm.handle(ctx, t, m)
	})
	switch {
	case done && given:
		t.passOver(m, f)
	case stays != nil && !t.halted: // no policy can help
		t.halt()
		t.stop(t.processError(m, stays))
	}
	return true
}

// isDue reports whether the time of a handler has come.
func (t *task) isDue() bool {
	now := t.p.e.now()
	for _, tm := range t.time.timers {
		clock := t.time.stream
		if tm.def.Clock == kernel.WallClock {
			clock = floorMillis(now)
		}
		first, err := tm.next.first()
		if err != nil {
			return true // whoever calls it finds out
		}
		if first != nil {
			if at, _ := splitIndexKey(first); at <= clock {
				return true
			}
		}
	}
	return slices.ContainsFunc(t.time.ticks, func(k *tick) bool { return !now.Before(k.next) })
}

// earliest returns the timer of a clock that is due first, nil if there is none.
func (t *task) earliest(clock kernel.Clock) (of *timers, entry []byte) {
	for _, tm := range t.time.timers {
		if tm.def.Clock != clock {
			continue
		}
		first, err := tm.next.first()
		if err != nil {
			t.stop(&ProcessError{Processor: t.p.k.Name, Topic: tm.rows.tp.Topic, Partition: t.partition, Offset: -1, Err: err})
			return nil, nil
		}
		if first != nil && (entry == nil || string(first[:8]) < string(entry[:8])) {
			of, entry = tm, first
		}
	}
	return of, entry
}

// punctuate calls the first punctuation whose time has come.
func (t *task) punctuate(ctx context.Context, now time.Time) bool {
	for i, k := range t.time.ticks {
		interval := k.def.Interval
		if k.next.Sub(now) > interval { // the clock was set back
			k.next = now.Add(interval)
		}
		if now.Before(k.next) || t.cur.full() {
			continue
		}
		was, m := k.next, &kernel.Message{Partition: t.partition, Offset: -1, Index: i, Timestamp: now}
		k.next = now.Add(interval - now.Sub(k.next)%interval) // those that were missed are one
		k.seq = t.cur.seq
		t.owing.Store(true)
		if f := t.trouble.of(m); f != nil && f.outcome != kernel.ActionUnset { // and its batch had to begin again
			delete(t.trouble.failures, positionOf(m))
			return true
		}
		done := t.call(ctx, m, k.handle)
		switch f := t.trouble.of(m); {
		case f == nil || t.trouble.again:
		case !done && f.outcome == kernel.ActionUnset:
			k.next = was // it is tried again
		default:
			delete(t.trouble.failures, positionOf(m)) // the next call is another one
		}
		return true
	}
	return false
}

// call runs a handler that no record has called for, and reports whether it came to its end.
func (t *task) call(ctx context.Context, m *kernel.Message, handle kernel.Handler) bool {
	done := t.handle(ctx, handle, m)
	if done {
		t.cur.firings++
		t.cur.count()
	}
	return done
}

// rest waits for something to do. Where nothing is left to be done it says so to who waits for that.
func (t *task) rest(ctx context.Context) {
	w := &t.time
	if w.walls && w.wallLeft == 0 {
		w.wallLeft = wallTurn // no record wants its turn
		return
	}
	if t.flight.Load() == nil && t.cur.empty() && t.trouble.quiet() {
		t.looked.Store(w.wall)
		if t.owing.Swap(false) || w.walls {
			t.p.e.changed.raise()
		}
	}
	if w.walls {
		t.setAlarm()
	}
	select {
	case <-t.wake:
	case <-ctx.Done():
	}
}

// setAlarm wakes the task when the next time on the wall clock has come, or after a while.
func (t *task) setAlarm() {
	w := &t.time
	wait, now := lookAfter, t.p.e.now()
	for _, k := range w.ticks {
		wait = min(wait, k.next.Sub(now))
	}
	if tm, entry := t.earliest(kernel.WallClock); tm != nil {
		at, _ := splitIndexKey(entry)
		wait = min(wait, time.UnixMilli(at).Sub(now))
	}
	wait = max(wait, 0)
	if w.alarm == nil {
		w.alarm = time.AfterFunc(wait, t.wake.Raise)
		return
	}
	w.alarm.Reset(wait)
}

// owes reports whether something is left to be done whose time has come, by the stream time or by the wall clock as of since.
func (t *task) owes(since int64) bool {
	return t.owing.Load() || t.time.walls && t.looked.Load() < since
}

// StreamTime implements [kernel.Task].
func (t *task) StreamTime() time.Time {
	at := t.time.stream
	if m := t.msg; m != nil && m.Offset >= 0 {
		at = max(at, floorMillis(m.Timestamp))
	}
	if at == 0 {
		return time.Time{}
	}
	return time.UnixMilli(at)
}

// floorMillis is a time in milliseconds since 1970.
func floorMillis(at time.Time) int64 {
	switch {
	case at.After(kernel.MaxTime):
		return maxMillis
	case at.Before(time.UnixMilli(0)):
		return 0
	}
	return at.UnixMilli()
}
