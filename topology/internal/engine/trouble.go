package engine

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// trouble is what a task knows of messages that failed, until their batch is cut, and which records it has to process once more. It belongs
// to the task's goroutine.
//
// A message that fails is undone: what it emitted is dropped, and the rows that it has got are forgotten, for the store has them as they
// were. Where the store has not, because messages before it in the batch wrote them, the batch is given up: it is processed again from its first record,
// carefully, so that from then on each message can be undone by itself. What is known of the message by then decides whether it is tried
// again or passed over.
//
// The task waits nowhere for that. While it may not go on it takes no record, see held, and its batches are cut and committed as always.
type trouble struct {
	failures map[position]*failure
	last     position  // that failed
	queue    []taken   // records that come before those of the inputs
	again    bool      // the open batch is given up, when the one before it is committed
	until    time.Time // nothing is processed before; zero: no pause
	timer    *time.Timer
	suspect  *suspect // nil: none
	cuts     int      // batches that were cut since the task began
}

// position names a message within a task, or a firing.
type position struct {
	topic  string
	offset int64
	index  int
	timer  string // the key of the timer that fired,
	due    int64  // and its time, in milliseconds since 1970
}

func positionOf(m *kernel.Message) position {
	at := position{topic: m.Topic, offset: m.Offset, index: m.Index}
	if due := dueOf(m); !due.IsZero() {
		at.timer, at.due = string(m.Key), due.UnixMilli()
	}
	return at
}

// positionIn is the position that an error names.
func positionIn(e *ProcessError) position {
	at := position{topic: e.Topic, offset: e.Offset, index: e.Index}
	if !e.Due.IsZero() {
		at.timer, at.due = string(e.Key), e.Due.UnixMilli()
	}
	return at
}

// dueOf is the time of a timer that fired; zero for all else.
func dueOf(m *kernel.Message) time.Time {
	if m.Offset >= 0 || m.Topic == "" {
		return time.Time{}
	}
	return m.Timestamp
}

// isFiring reports whether no record has called for the handler, but time.
func (p position) isFiring() bool { return p.offset < 0 }

// failure is a message that failed.
type failure struct {
	err     *ProcessError // the last time
	tries   int           // that failed
	outcome kernel.Action // unset: it is to be tried again
}

// of returns what is known of a message; nil if it has not failed.
func (t *trouble) of(m *kernel.Message) *failure {
	if f := t.failures[positionOf(m)]; f != nil || t.suspect == nil {
		return f
	}
	t.suspect.mu.Lock()
	defer t.suspect.mu.Unlock()
	return t.suspect.givenUp[positionOf(m)]
}

// callsFor reports whether an error names what a handler was called for: a record, or a firing.
func (p *processor) callsFor(e *ProcessError) bool {
	return e.Offset >= 0 || e.Topic == "" || p.timersOf(e.Topic) != nil
}

// note remembers that a message failed once more.
func (t *trouble) note(at position, e *ProcessError) *failure {
	f := t.failures[at]
	if f == nil {
		f = &failure{}
		if t.failures == nil {
			t.failures = map[position]*failure{}
		}
		t.failures[at] = f
	}
	f.err = e
	f.tries++
	t.last = at
	return f
}

// next takes the record that is to be processed once more.
func (t *trouble) next() (taken, bool) {
	if len(t.queue) == 0 {
		return taken{}, false
	}
	r := t.queue[0]
	t.queue[0] = taken{}
	if t.queue = t.queue[1:]; len(t.queue) == 0 {
		t.queue = nil
	}
	return r, true
}

// failing reports whether the record that comes next is one of which a message has failed.
func (t *trouble) failing() bool {
	if len(t.queue) == 0 {
		return false
	}
	r := t.queue[0].record
	for at := range t.failures {
		if at.topic == r.Topic && at.offset == r.Offset {
			return true
		}
	}
	return false
}

// cut is called when the open batch was cut. Of what failed in it, a firing may be still to come: the last.
func (t *trouble) cut() {
	if len(t.queue) == 0 {
		maps.DeleteFunc(t.failures, func(at position, _ *failure) bool { return !at.isFiring() || at != t.last })
	}
	t.cuts++
}

// quiet reports whether nothing that failed is to be tried again.
func (t *trouble) quiet() bool { return len(t.queue) == 0 && !t.again && t.until.IsZero() }

// held reports whether the task has to wait before it takes a record. It is woken when it has not.
func (t *task) held() bool {
	tr := &t.trouble
	if tr.again {
		if t.flight.Load() != nil {
			return true
		}
		t.beginAgain()
	}
	if !tr.until.IsZero() {
		if rest := time.Until(tr.until); rest > 0 {
			t.wakeIn(rest)
			return true
		}
		tr.until = time.Time{}
	}
	// What is before such a record is committed first: it is not processed more than twice, and need not wait for the pauses.
	return tr.failing() && !t.cur.empty()
}

func (t *task) wakeIn(rest time.Duration) {
	if t.trouble.timer == nil {
		t.trouble.timer = time.AfterFunc(rest, t.wake.Raise)
		return
	}
	t.trouble.timer.Reset(rest)
}

// giveUp has the open batch processed again.
func (t *task) giveUp() {
	t.trouble.again = true
	t.wake.Raise()
}

// beginAgain drops the open batch, and the rows as the handlers have left them. Nothing of the task is being committed.
func (t *task) beginAgain() {
	tr := &t.trouble
	tr.again = false
	tr.queue = append(t.cur.log, tr.queue...)
	for _, in := range t.inputs {
		in.at = in.committed.Load()
	}
	t.time.rewind(t.cur, t.p.e.now())
	t.cur.forget()
	t.cur = newBatch(t)
	t.cur.careful = true
	for _, r := range t.kept {
		r.forget()
	}
	for _, tm := range t.time.timers {
		tm.forget()
	}
}

// unprocessed is called for a record of which the message i was not processed and not passed over.
func (t *task) unprocessed(r taken, i int) {
	switch {
	case t.halted:
		if i > 0 {
			t.drop() // a part of a pack is never committed
		}
	case t.trouble.again: // with the rest of the batch
	default:
		t.cur.log = t.cur.log[:len(t.cur.log)-1]
		t.trouble.queue = append([]taken{r}, t.trouble.queue...)
	}
}

// failed decides what becomes of a message that could not be processed, and reports whether the next one may follow it.
func (t *task) failed(ctx context.Context, m *kernel.Message, err error) bool {
	t.msg = nil
	if ctx.Err() != nil || t.a.writing.Err() != nil {
		// Interrupted, whatever the handler made of that: whoever is assigned the partition next processes it.
		t.halt()
		t.p.log.Debug("interrupted", "record", m.Position(), "error", kernel.Cut(err.Error(), saidBytes))
		return false
	}
	e := t.processError(m, err)
	policy, f := t.p.onError.Of(e.Phase), t.trouble.note(positionOf(m), e)
	if policy.Retries < 0 || f.tries <= policy.Retries {
		t.p.tell(e, "retry")
		t.trouble.until = time.Now().Add(pause(policy, f.tries)) // whatever the clock of handlers says
		if !t.undone || m.Index > 0 {
			t.giveUp()
		}
		return false
	}
	f.outcome = max(policy.Then, kernel.ActionStop)
	t.p.tell(e, f.outcome.String())
	switch {
	case f.outcome == kernel.ActionStop:
		t.halt()
		t.stop(e)
		return false
	case !t.undone:
		t.giveUp()
		return false
	case m.Offset < 0: // it is passed over when it comes again
		return false
	default:
		t.passOver(m, f)
		return true
	}
}

// halt ends the task at a message that was not processed, and keeps what of it is still in the batch from being committed.
func (t *task) halt() {
	t.halted = true
	if !t.undone {
		t.drop()
	}
}

// exited is called when a handler has ended the goroutine that it was called on.
func (t *task) exited(ctx context.Context) {
	m := t.msg
	if m == nil {
		return
	}
	t.undone = false // it is not known how far it came
	t.failed(ctx, m, errGoexit)
}

func (t *task) processError(m *kernel.Message, err error) *ProcessError {
	switch {
	case m.Offset >= 0:
	case m.Topic == "":
		err = fmt.Errorf("punctuation every %s, partition %d: %w", t.p.k.Every[m.Index].Interval, t.partition, err)
	default:
		err = fmt.Errorf("timer of %s: %w", m.Timestamp.UTC().Format(time.RFC3339Nano), err)
	}
	return &ProcessError{
		Processor: t.p.k.Name, Phase: kernel.PhaseOf(err),
		Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Packed: m.Packed, Index: m.Index, Key: m.Key, Due: dueOf(m), Err: err,
	}
}

// sealFailed is called when the open batch cannot be cut.
func (t *task) sealFailed(err error) {
	e, named := asProcessError(err)
	policy := kernel.Policy{}
	if named && t.p.callsFor(e) {
		policy = t.p.onError.Of(e.Phase)
	}
	switch {
	case t.life.state() != running || t.a.session.Context().Err() != nil:
		t.drop() // whoever is assigned the partition next finds out
	case policy.Stops():
		t.drop()
		t.stop(err)
	case !t.cur.careful:
		t.giveUp()
	default:
		// Checked when it was written, the row could be encoded. It is the message that wrote it last that is given up.
		f := t.trouble.note(positionIn(e), e)
		f.outcome = max(policy.Then, kernel.ActionStop)
		t.p.tell(e, f.outcome.String())
		if f.outcome == kernel.ActionStop {
			t.drop()
			t.stop(err)
			return
		}
		t.giveUp()
	}
}

// pause is how long a message that has failed so often waits.
func pause(p kernel.Policy, tries int) time.Duration {
	d := p.Backoff
	for range tries - 1 {
		if d >= kernel.MaxBackoff/2 {
			return kernel.MaxBackoff
		}
		d *= 2
	}
	return min(d, kernel.MaxBackoff)
}

// whole is a record as one message, with the headers that it has in the log.
func whole(r *kgo.Record) *kernel.Message {
	m := &kernel.Message{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Key: r.Key, Value: r.Value, Timestamp: r.Timestamp}
	for _, h := range r.Headers {
		m.Headers = append(m.Headers, kernel.Header{Key: h.Key, Value: h.Value})
	}
	return m
}
