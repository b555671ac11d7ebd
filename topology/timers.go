package topology

import (
	"context"
	"fmt"
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Clock is what timers go by.
type Clock = kernel.Clock

const (
	// StreamTime is what the records say; see [Record.StreamTime]. Timers by it fire between two records: as soon as the one that moved the time
	// on is handled, and before the next. So what happens depends on the records alone, and not on when they are processed. While a
	// partition has no records its time stands still.
	StreamTime = kernel.StreamTime
	// WallClock is the time of the process.
	WallClock = kernel.WallClock
)

// A TimerHandler is called when a timer fires. It is to a timer what a [Handler] is to a record: what it does takes effect together, with
// the end of the timer; what becomes of one that fails says [OnError]. One that is passed over has fired; as a dead letter it is a row of the timers'
// topic, which cannot be replayed.
type TimerHandler[K any] func(ctx context.Context, t *Timer[K]) error

// Timer is a timer that fires. It is a [Scope] for all handles of its processor, until its handler returns. Those of them that mean the
// record's key, such as [State.Get], mean that of the timer, if it is spelled as the processor's keys are. What is emitted
// has the timer's time by default.
type Timer[K any] struct {
	Key K
	At  time.Time

	s *scope
}

func (t *Timer[K]) scope() *scope {
	if t == nil {
		return nil
	}
	return t.s
}

// StreamTime is [Record.StreamTime].
func (t *Timer[K]) StreamTime() time.Time { return t.scope().streamTime() }

// Timers are the timers of a processor, at most one for each key: set, replaced and cancelled in handlers. They are state, as the rows of a store are:
// a timer fires once, in the order of time, whether the processor was restarted or the partition has moved meanwhile.
//
// With [AtLeastOnce] a crash may have a timer fire again, as it may have a record come again, and one that was about to be replaced or
// cancelled may fire before that happens again. It never loses one: a state that says that a timer is set is not kept without the timer, nor is
// a timer gone whose effects are not kept.
type Timers[K any] struct {
	handle
	key   codecs.Codec[K]
	keyed bool // as the processor is
	p     *processor
}

// AddTimers gives the processor timers, with the topic "<topology>-<processor>-<name>-timers". What [AddStore] says about name and key
// goes for them too.
func AddTimers[K, TK any](p *Processor[K], name string, key codecs.Codec[TK], clock Clock, opts ...TopicOption) *Timers[TK] {
	t := NewTable(p.storeTopic("set of timers", name, "-timers"), key, codecs.Bytes(), opts...)
	e := t.edge(roleTimers)
	e.timers = &kernel.Timers{Table: e.table, Clock: clock}
	timers := &Timers[TK]{handle: p.declare(e), key: key, keyed: sameCodec(key, p.key), p: p.processor}
	if e.topic.Retention > 0 && !p.builder.closed {
		p.problemf(e.topic.Name, "is of timers, which do not expire: it cannot have a Retention")
	}
	if clock != StreamTime && clock != WallClock && !p.builder.closed {
		p.problemf(e.topic.Name, "is of timers by %s: they go by StreamTime or WallClock", clock)
	}
	return timers
}

// Handle sets the handler of timers that fire; timers need exactly one.
func (t *Timers[K]) Handle(fn TimerHandler[K]) {
	if !t.p.sethandler(t.edge, fn == nil) {
		return
	}
	t.edge.handler = func(ctx context.Context, task kernel.Task, m *kernel.Message) error {
		key, err := t.key.Decode(m.Key)
		if err != nil {
			return kernel.In(PhaseDecode, fmt.Errorf("%w: key %s of %q: %w", ErrDecode, kernel.Quote(m.Key), m.Topic, err))
		}
		s := &scope{task: task, msg: m, key: m.Key, none: !t.keyed}
		err = fn(ctx, &Timer[K]{Key: key, At: m.Timestamp, s: s})
		s.task = nil // one that is kept is of no use
		return err
	}
}

// Set has the timer of a key fire at a time, to the millisecond, and takes the place of the one that the key may have. A time that has come already
// makes it fire at once: behind the handler that sets it, and by [StreamTime] before the next record, so that a timer which always
// sets itself to such a time is all that the partition still does. Times before 1970 and after 2262-04-11 count as these. A
// key of another partition is an error; others wrap [ErrEncode] or [ErrWrongProcessor].
func (t *Timers[K]) Set(r Scope, key K, at time.Time) error {
	s, schedule, k, err := t.at(r, key)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return schedule.Set(k, at)
}

// Cancel takes the timer of a key away, if there is one.
func (t *Timers[K]) Cancel(r Scope, key K) error {
	s, schedule, k, err := t.at(r, key)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return schedule.Cancel(k)
}

// Get returns when the timer of a key fires, and whether there is one. While a timer fires it is no longer there.
func (t *Timers[K]) Get(r Scope, key K) (time.Time, bool, error) {
	s, schedule, k, err := t.at(r, key)
	if err != nil {
		return time.Time{}, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return schedule.Get(k)
}

// at returns the timers, and the key as it is spelled there.
func (t *Timers[K]) at(r Scope, key K) (*scope, kernel.Schedule, []byte, error) {
	s, err := t.in(r)
	if err != nil {
		return nil, nil, nil, err
	}
	k, err := encodeKey(t.edge.topic.Name, t.key, key)
	return s, s.task.Timers(t.edge.timers.Index), k, err
}
