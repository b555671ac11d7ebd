package engine

import (
	"context"
	"errors"
	"fmt"
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
	halted   bool    // a record was not processed: nothing behind it may be
	stores   []*rows // the processor's own tables
	joins    []*reader
	lookups  []*reader
	epoch    int64
	stamp    []byte // the header that says so
	time     clockwork
	packings [][]*packing
	lastCut  time.Time
	reminder *time.Timer

	// Of the running handler.
	msg     *kernel.Message
	spoils  bool // it wrote rows of the open batch, or has got some, which it may change
	packed  bool // it emitted into packs of the open batch
	emitted int  // bytes

	flight    atomic.Pointer[batch] // the batch that was cut and is not committed yet
	lost      atomic.Bool           // a batch will never be committed; so none behind it may be
	committed atomic.Uint64         // the last batch committed
	took      atomic.Int64          // nanoseconds that its commit took
	logging   sync.Mutex            // held from the writing of the changelogs to that of the store, and while they are healed
	owing     atomic.Bool           // a time has come, and what is to be done then is not committed
	looked    atomic.Int64          // the wall clock when nothing was left to be done
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
	returned := false
	defer func() {
		if m := t.msg; !returned && m != nil { // a handler that called runtime.Goexit took this goroutine along
			t.drop()
			t.stop(&ProcessError{
				Processor: t.p.k.Name, Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Packed: m.Packed, Index: m.Index, Key: m.Key, Err: errGoexit,
			})
		}
	}()
	ctx := t.a.session.Context()
	for t.goesOn(ctx) {
		if t.step(ctx) {
			t.cutUnderLoad()
			continue
		}
		r, in, index := t.next()
		if r != nil {
			t.process(ctx, r, in, index)
			t.cutUnderLoad()
			continue
		}
		t.cutNow()
		t.rest(ctx)
	}
	if t.time.alarm != nil {
		t.time.alarm.Stop()
	}
	t.life.to(draining)
	t.finish()
	returned = true
}

// errGoexit is the end of a handler that ended its goroutine.
var errGoexit = errors.New("the handler called runtime.Goexit")

// goesOn reports whether another record may be begun.
func (t *task) goesOn(ctx context.Context) bool {
	return !t.halted && ctx.Err() == nil && !t.p.e.failed() && !t.lost.Load()
}

// next takes a record from the inputs, in turn; nil if none waits or the batch is full.
func (t *task) next() (*kgo.Record, *input, int) {
	if t.cur.full() {
		return nil, nil, 0
	}
	for n := range t.inputs {
		i := (t.turn + n) % len(t.inputs)
		in := t.inputs[i]
		r, err := in.next()
		if err != nil {
			t.stop(&ProcessError{
				Processor: t.p.k.Name, Topic: in.tp.Topic, Partition: in.tp.Partition, Offset: -1,
				Err: fmt.Errorf("the offset that comes next is not in the log: %w", err),
			})
			return nil, nil, 0
		}
		if r != nil {
			t.turn = i
			if len(in.queue) == 0 {
				t.turn++ // the others have their turn between two fetches
			}
			return r, in, i
		}
	}
	return nil, nil, 0
}

// process runs the handler for the messages of one record.
func (t *task) process(ctx context.Context, r *kgo.Record, in *input, index int) {
	t.msg = &kernel.Message{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Key: r.Key}
	admitted, err := in.admit(r)
	var messages []kernel.Message
	if err == nil && admitted {
		messages, err = pack.Messages(r, nil)
	}
	if err != nil {
		t.failed(ctx, t.msg, err)
		return
	}
	b := t.cur
	for i := range messages {
		if !t.handle(ctx, in.def.handle, &messages[i]) {
			if i > 0 {
				t.drop() // a part of a pack is never committed
			}
			return
		}
		if !t.advance(ctx, &messages[i], i+1 < len(messages)) {
			t.drop() // nor is what led to a firing that failed
			return
		}
	}
	if !admitted {
		t.p.log.Debug("dropped what a former owner wrote", "topic", r.Topic, "partition", r.Partition, "offset", r.Offset)
	}
	b.records += max(len(messages), 1)
	in.at = r.Offset + 1
	b.next[index] = in.at
	t.time.wallLeft = wallTurn
	b.count()
}

// handle runs a handler for one message and reports whether the next may follow.
func (t *task) handle(ctx context.Context, handle kernel.Handler, m *kernel.Message) bool {
	b := t.cur
	held := [2]int{len(b.outputs[first]), len(b.outputs[last])}
	observe := t.p.e.opts.Observer.Processed
	var began time.Time
	if observe != nil {
		began = time.Now()
	}
	t.msg, t.spoils, t.packed, t.emitted = m, false, false, 0
	err := guard(func() error { return handle(ctx, t, m) })
	t.msg = nil
	if err != nil {
		// Nothing of this message gets out.
		for g, n := range held {
			clear(b.outputs[g][n:])
			b.outputs[g] = b.outputs[g][:n]
		}
		if t.spoils || t.packed {
			t.drop()
		}
		t.failed(ctx, m, err)
		return false
	}
	b.bytes += len(m.Key) + len(m.Value)
	if observe != nil && m.Offset >= 0 {
		observe(kernel.ProcessedInfo{Processor: t.p.k.Name, Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Took: time.Since(began)})
	}
	return true
}

// failed ends the task at a message that was not processed.
func (t *task) failed(ctx context.Context, m *kernel.Message, err error) {
	t.msg = nil
	t.halted = true
	over := ctx.Err() != nil || t.a.writing.Err() != nil
	if over && (errors.Is(err, context.Canceled) || errors.Is(err, errStopped) || errors.Is(err, context.Cause(ctx))) {
		return // interrupted, not failed: the next owner processes it
	}
	t.stop(&ProcessError{Processor: t.p.k.Name, Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Packed: m.Packed, Index: m.Index, Key: m.Key, Err: err})
}

// stop ends the task, and the run, with an error.
func (t *task) stop(err error) {
	t.halted = true
	t.p.e.fail(err)
}

// drop makes sure that the open batch, and so nothing behind it, is ever committed.
func (t *task) drop() { t.lost.Store(true) }

// While there is more to do than a task can, a commit is followed by some times its duration without one, for at most loadedInterval: commits of
// rows that change often then cost a part of the time and not all of it.
const (
	betweenCommits = 3
	loadedInterval = 100 * time.Millisecond
)

// cutUnderLoad cuts the open batch where records go on coming: when it is full, or when the commit before it is long enough ago.
func (t *task) cutUnderLoad() {
	if t.flight.Load() != nil {
		return
	}
	rest := min(betweenCommits*time.Duration(t.took.Load()), loadedInterval)
	if t.cur.full() || time.Since(t.committedAt()) >= rest {
		t.cutNow()
	}
}

// committedAt is when the batch before the open one was committed, about.
func (t *task) committedAt() time.Time { return t.lastCut.Add(time.Duration(t.took.Load())) }

// cutNow hands the open batch to the coordinator, if it holds anything and the one before it is committed.
func (t *task) cutNow() {
	b := t.cur
	if b.empty() || t.lost.Load() || t.flight.Load() != nil {
		return
	}
	if interval := t.p.e.opts.CommitInterval; interval > 0 && !b.full() && t.life.state() == running {
		if rest := interval - time.Since(t.lastCut); rest > 0 {
			t.remind(rest)
			return
		}
	}
	if err := b.seal(); err != nil {
		t.drop()
		t.stop(err)
		return
	}
	t.lastCut = b.cut
	t.flight.Store(b)
	t.cur = newBatch(t)
	t.a.coordinator.commit(b)
}

// finish commits what is processed, until the assignment may not write any more.
func (t *task) finish() {
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
	t.took.Store(int64(time.Since(b.cut)))
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
