package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/pack"
	"github.com/eddystream/eddy/topology/internal/wake"
)

// task is a processor at one partition, from one assignment to its end. One goroutine processes its records and cuts its batches; while
// the coordinator commits a batch, the task fills the next. At most one batch of a task is being committed.
type task struct {
	p         *processor
	a         *assignment
	partition int32
	life      lifecycle

	// Of the task's goroutine.
	inputs   []*input // the processor's inputs in order, then its loop
	turn     int      // the input that is looked at first
	cur      *batch
	seq      uint64
	halted   bool // a record was not processed: nothing behind it may be
	trouble  trouble
	undone   bool    // nothing of the message that failed last is in the open batch
	stores   []*rows // the processor's own tables
	kept     []*rows // stores, and the indexes of timers
	joins    []*reader
	lookups  []*reader
	epoch    int64
	stamp    []byte // the header that says so
	time     clockwork
	packings [][]*packing
	lastCut  time.Time
	pace     pace
	reminder *time.Timer

	// Of the running handler.
	msg     *kernel.Message
	handled uint64 // counts them
	spoils  bool   // it wrote rows of the open batch, or has got some, which it may change
	deep    bool   // it has got rows that messages before it wrote in the open batch,
	flying  bool   // or in the one that is being committed
	packed  []packedMessage
	emitted int // bytes

	flight    atomic.Pointer[batch] // the batch that was cut and is not committed yet
	lost      atomic.Bool           // a batch will never be committed; so none behind it may be
	committed atomic.Uint64         // the last batch committed
	took      atomic.Int64          // nanoseconds that its commit took
	logging   sync.Mutex            // held from the writing of the changelogs to that of the store, and while they are healed
	owing     atomic.Bool           // a time has come, and what is to be done then is not committed
	looked    atomic.Int64          // the wall clock when nothing was left to be done
	logs      map[string]fence.Log  // the changelogs as the next offsets tell of them
	wake      wake.Signal           // records came, a batch was committed, or the time has come to cut one
	done      chan struct{}         // closed when the goroutine has ended
}

var _ kernel.Task = (*task)(nil)

func newTask(a *assignment, partition int32) *task {
	t := &task{p: a.p, a: a, partition: partition, wake: wake.New(), done: make(chan struct{})}
	for i := range a.p.inputs {
		d := &a.p.inputs[i]
		t.inputs = append(t.inputs, &input{def: d, tp: kernel.TopicPartition{Topic: d.topic, Partition: partition}})
	}
	t.cur = newBatch(t)
	return t
}

// identity is the task as what it writes names it.
func (t *task) identity() fence.Task {
	return fence.Task{Processor: t.p.k.Name, Partition: t.partition}
}

// owner stands in the metadata of an input's offset for the task that reads it: its epoch there is that of the last owner. (The task itself
// may be among those that write the input, if that is its loop, and what a former owner sent to itself counts.)
func (t *task) owner() fence.Task { return fence.Task{Partition: t.partition} }

// begin gives the task its epoch; it then may run.
func (t *task) begin(epoch int64) {
	t.epoch = epoch
	t.stamp = fence.Stamp{Task: t.identity(), Epoch: epoch}.Append(nil)
	for _, in := range t.inputs {
		in.seen.Admit(fence.Stamp{Task: t.owner(), Epoch: epoch})
		in.stale = true
	}
}

// run processes until the session is over or something failed, and then finishes what was begun.
func (t *task) run() {
	defer close(t.done)
	defer t.closeCaches()
	defer func() { t.cur.forget() }()
	ctx := t.a.session.Context()
	for !t.loop(ctx) {
		// A handler ended the goroutine of the loop, and another goes on.
	}
	if t.time.alarm != nil {
		t.time.alarm.Stop()
	}
	t.life.to(draining)
	t.finish()
}

// loop processes records until there is an end to it. It returns false if a handler ended its goroutine instead.
func (t *task) loop(ctx context.Context) (ended bool) {
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer func() {
			if !ended {
				t.exited(ctx)
			}
		}()
		for t.goesOn(ctx) {
			if t.step(ctx) {
				t.cutUnderLoad()
				continue
			}
			t.cutDry()
			t.rest(ctx)
		}
		ended = true
	}()
	<-over
	return ended
}

// step calls a handler whose time has come, or processes the record that comes next, and reports whether there was one.
func (t *task) step(ctx context.Context) bool {
	if t.held() {
		return false
	}
	if t.fire(ctx) {
		return true
	}
	r, ok := t.next()
	if ok {
		t.process(ctx, r)
	}
	return ok
}

// goesOn reports whether another record may be begun.
func (t *task) goesOn(ctx context.Context) bool {
	return !t.halted && ctx.Err() == nil && !t.p.e.failed() && !t.lost.Load()
}

// next takes a record: one that is to be processed once more, or else from the inputs, in turn. There is none if none waits or the batch is full.
func (t *task) next() (taken, bool) {
	if t.cur.full() {
		return taken{}, false
	}
	if r, ok := t.trouble.next(); ok {
		return r, true
	}
	for n := range t.inputs {
		i := (t.turn + n) % len(t.inputs)
		in := t.inputs[i]
		r, err := in.next()
		if err != nil {
			t.inputFailed(in, err)
			return taken{}, false
		}
		if r != nil {
			t.turn = i
			if len(in.queue) == 0 {
				t.turn++ // the others have their turn between two fetches
			}
			taken := taken{record: r, index: i}
			taken.admitted, taken.err = in.admit(r)
			return taken, true
		}
	}
	return taken{}, false
}

// taken is a record that was taken from an input.
type taken struct {
	record   *kgo.Record
	index    int   // of the input
	admitted bool  // a former owner did not write it
	err      error // it cannot be known whether one did
}

// process runs the handler for the messages of one record.
func (t *task) process(ctx context.Context, r taken) {
	b, in := t.cur, t.inputs[r.index]
	if t.p.lenient {
		b.log = append(b.log, r)
	}
	messages, ok := t.unpack(ctx, r)
	if !ok {
		t.unprocessed(r, 0)
		return
	}
	for i := range messages {
		if !t.handle(ctx, in.def.handle, &messages[i]) {
			t.unprocessed(r, i)
			return
		}
		if !t.advance(ctx, &messages[i], i+1 < len(messages)) {
			t.unprocessed(r, i+1)
			return
		}
	}
	b.records += max(len(messages), 1)
	b.next[r.index] = r.record.Offset + 1
	in.at = b.next[r.index]
	t.time.wallLeft = wallTurn
	b.count()
}

// unpack returns the messages of a record that the handler is to see, and whether the next record may follow it.
func (t *task) unpack(ctx context.Context, r taken) ([]kernel.Message, bool) {
	if group, ok := pack.For(r.record); ok && group != t.p.k.Group {
		return nil, true // it is sent again to another processor, which gave it up
	}
	err := r.err
	if err == nil && !r.admitted {
		t.p.log.Debug("dropped what a former owner wrote", "topic", r.record.Topic, "partition", r.record.Partition, "offset", r.record.Offset)
		return nil, true
	}
	var messages []kernel.Message
	if err == nil {
		messages, err = pack.Messages(r.record, nil)
	}
	if err == nil {
		return messages, true
	}
	t.undone = true
	return nil, t.failed(ctx, whole(r.record), kernel.In(kernel.PhaseDecode, err))
}

// handle runs the handler for one message and reports whether the next may follow.
func (t *task) handle(ctx context.Context, handle kernel.Handler, m *kernel.Message) bool {
	if f := t.trouble.of(m); f != nil && f.outcome != kernel.ActionUnset && m.Offset >= 0 {
		t.passOver(m, f)
		return true
	}
	b := t.cur
	before := b.mark()
	observe := t.p.e.opts.Observer.Processed
	var began time.Time
	if observe != nil {
		began = time.Now()
	}
	t.beginMessage(m)
	err := guard(func() error { return handle(ctx, t, m) })
	if err == nil && b.careful {
		err = t.check()
	}
	t.msg = nil
	if err != nil {
		t.undo(before)
		return t.failed(ctx, m, err)
	}
	b.keep(t.packed, originOf(m))
	b.bytes += len(m.Key) + len(m.Value)
	if observe != nil && m.Offset >= 0 {
		observe(kernel.ProcessedInfo{Processor: t.p.k.Name, Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Took: time.Since(began)})
	}
	return true
}

// stop ends the task, and the run, with an error.
func (t *task) stop(err error) {
	t.halted = true
	t.p.e.fail(err)
}

// drop makes sure that the open batch, and so nothing behind it, is ever committed.
func (t *task) drop() { t.lost.Store(true) }

// cutNow hands the open batch to the coordinator, if it holds anything and the one before it is committed.
func (t *task) cutNow() {
	b := t.cur
	if b.empty() || t.lost.Load() || t.flight.Load() != nil || t.trouble.again {
		return
	}
	if interval := t.p.e.opts.CommitInterval; interval > 0 && !b.full() && t.life.state() == running {
		if rest := interval - t.p.e.now().Sub(t.lastCut); rest > 0 {
			t.remind(rest)
			return
		}
	}
	if err := b.seal(); err != nil {
		t.sealFailed(err)
		return
	}
	t.trouble.cut()
	t.lastCut = b.cut
	t.pace.cut(b)
	t.flight.Store(b)
	t.cur = newBatch(t)
	t.a.coordinator.commit(b)
}

// finish commits what is processed, until the assignment may not write any more.
func (t *task) finish() {
	if t.trouble.again {
		t.drop() // what should have been processed again is not
	}
	for !t.lost.Load() && t.a.writing.Err() == nil {
		if t.flight.Load() == nil {
			if t.cur.empty() {
				return
			}
			t.cutNow()
			continue
		}
		select {
		case <-t.wake:
		case <-t.a.writing.Done():
		}
	}
}

// batchCommitted is called by the coordinator when the batch that was cut is committed.
func (t *task) batchCommitted(b *batch) {
	t.took.Store(int64(t.p.e.now().Sub(b.cut)))
	t.committed.Store(b.seq)
	b.forget()
	t.flight.Store(nil)
	t.wake.Raise()
}

// batchLost is called by the coordinator when the batch that was cut will never be committed by this task.
func (t *task) batchLost() {
	t.lost.Store(true)
	t.wake.Raise()
}

// remind wakes the task when the time has come to cut its batch.
func (t *task) remind(after time.Duration) {
	if t.reminder == nil {
		t.reminder = time.AfterFunc(after, t.wake.Raise)
		return
	}
	t.reminder.Reset(after)
}

// complete reports whether all that was begun is committed.
func (t *task) complete() bool { return !t.lost.Load() && t.flight.Load() == nil && t.cur.empty() }

// active reports whether a handler runs; what it is given must not be used afterwards, nor when nothing more can be committed.
func (t *task) active() bool { return t.msg != nil && t.a.writing.Err() == nil }

// Processor implements [kernel.Task].
func (t *task) Processor() *kernel.Processor { return t.p.k }

// Partition implements [kernel.Task].
func (t *task) Partition() int32 { return t.partition }

// Own implements [kernel.Task].
func (t *task) Own() kernel.Rows { return t.stores[0] }

// Store implements [kernel.Task].
func (t *task) Store(index int) kernel.Rows {
	return t.stores[len(t.stores)-len(t.p.k.Timers)-len(t.p.k.Stores)+index]
}

// Timers implements [kernel.Task].
func (t *task) Timers(index int) kernel.Schedule { return t.time.timers[index] }

// Join implements [kernel.Task].
func (t *task) Join(index int) kernel.Reader { return t.joins[index] }

// Lookup implements [kernel.Task].
func (t *task) Lookup(index int) kernel.Reader { return t.lookups[index] }
