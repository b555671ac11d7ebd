package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
)

// task is a processor at one partition, from one assignment to its end. Goka calls process from one goroutine.
//
// mu is held while a handler runs and while a batch is cut. A handler that waits for room holds it too, and so does not hinder anyone
// but those who want to cut this task's batch: they leave a note in wanted, and the holder does it for them before it lets go.
type task struct {
	p         *processor
	a         *assignment
	partition int32
	inputs    []*input // the processor's inputs in order, then its loop

	mu      sync.Mutex
	cur     *batch
	seq     uint64
	halted  bool // a record was not processed: nothing behind it may be
	own     *rows
	joins   []*reader
	lookups []*reader
	// Of the running handler.
	msg    *kernel.Message
	spoils bool // it wrote rows of the open batch, or has got some, which it may change

	flight    atomic.Pointer[batch] // the batch that was cut and is not committed yet
	lost      atomic.Bool           // a batch will never be committed; so none behind it may be
	wanted    atomic.Bool           // whoever holds mu shall cut
	draining  atomic.Bool           // no record is begun any more
	closed    atomic.Bool           // nothing is committed any more; set with committer.write held
	committed atomic.Uint64         // the last batch committed
	wake      chan struct{}         // a token when a batch was committed
	quiet     chan struct{}         // a token when a draining task may have become idle
}

var _ kernel.Task = (*task)(nil)

func newTask(a *assignment, partition int32) *task {
	t := &task{
		p: a.p, a: a, partition: partition,
		wake: make(chan struct{}, 1), quiet: make(chan struct{}, 1),
	}
	for _, d := range a.p.inputs {
		t.inputs = append(t.inputs, newInput(d, partition))
	}
	t.seq = 1
	t.cur = newBatch(t, t.seq)
	return t
}

// process runs the handler of one record. It returns without doing so once the task is stopping or has failed.
func (t *task) process(ctx context.Context, in *input, index int, offset int64) {
	m, err := in.take(offset)
	t.mu.Lock()
	defer t.unlock()
	if err != nil {
		t.stop(&ProcessError{Processor: t.p.k.Name, Topic: in.def.topic, Partition: t.partition, Offset: offset, Err: err})
		return
	}
	if !t.room(ctx) {
		t.halted = true
		return
	}
	b, held := t.cur, len(t.cur.last)
	finished := t.p.e.observe.processing(t.p.k.Name, m)
	t.msg, t.spoils = m, false
	err = guard(func() error { return in.def.handle(ctx, t, m) })
	t.msg = nil
	if err != nil {
		// What this record emitted may be in the log, as after a crash; what it wrote, and what it holds back, must not get there.
		clear(b.last[held:])
		b.last = b.last[:held]
		if t.spoils {
			b.die()
		}
		// The session, by whose context outputs wait, ends a little before goka's own context.
		if errors.Is(err, context.Canceled) && (ctx.Err() != nil || t.a.session.Context().Err() != nil) {
			t.halted = true // interrupted, not failed: the next owner processes it
			return
		}
		t.stop(&ProcessError{Processor: t.p.k.Name, Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Key: m.Key, Err: err})
		return
	}
	b.records++
	b.bytes += len(m.Key) + len(m.Value)
	b.next[index] = offset + 1
	finished()
	t.cut()
}

// room waits until the open batch takes another record. It reports false when the task may not process any more.
func (t *task) room(ctx context.Context) bool {
	for {
		switch {
		case t.halted || t.draining.Load() || ctx.Err() != nil || t.p.e.failed():
			return false
		case !t.cur.full():
			return true
		case t.flight.Load() == nil:
			t.cut()
			if t.cur.full() { // a batch was lost, or the cut failed
				return false
			}
		default:
			select {
			case <-t.wake:
			case <-ctx.Done():
			}
		}
	}
}

// stop ends the task, and the run, with an error.
func (t *task) stop(err error) {
	t.halted = true
	t.p.e.fail(err)
}

// cut hands the open batch to the committer, if it holds anything and the one before it is done. The caller holds mu.
func (t *task) cut() {
	t.wanted.Store(false)
	b := t.cur
	if b.records == 0 || t.lost.Load() || t.flight.Load() != nil || t.closed.Load() {
		return
	}
	if !t.p.e.committer.due(t, b.full() || t.draining.Load()) {
		return
	}
	if t.own != nil {
		if err := t.own.encode(b); err != nil {
			b.die()
			t.stop(err)
			return
		}
	}
	b.cutAt = time.Now()
	t.flight.Store(b)
	t.seq++
	t.cur = newBatch(t, t.seq)
	b.acknowledge()
}

// unlock lets go of mu, after cutting for those who asked meanwhile.
func (t *task) unlock() {
	for {
		t.mu.Unlock()
		// Whoever asks sets wanted before it tries the lock. So either it gets the lock, or it is seen here.
		if !t.wanted.Load() || !t.mu.TryLock() {
			break
		}
		t.cut()
	}
	if t.draining.Load() {
		poke(t.quiet)
	}
}

// offer cuts the open batch now, or has the holder of mu do it.
func (t *task) offer() {
	t.wanted.Store(true)
	if t.mu.TryLock() {
		t.cut()
		t.unlock()
	}
}

// done is called by the committer when the batch cut last was committed.
func (t *task) done(b *batch) {
	t.committed.Store(b.seq)
	t.flight.Store(nil)
	poke(t.wake)
	t.offer()
	if t.draining.Load() {
		poke(t.quiet)
	}
}

// drained cuts what is left and reports whether there is nothing that a wait could still bring to an end.
func (t *task) drained() bool {
	if !t.mu.TryLock() {
		return false
	}
	t.cut()
	f := t.flight.Load()
	idle := (f == nil || f.dead.Load()) && (t.cur.records == 0 || t.lost.Load())
	t.unlock()
	return idle
}

// running reports whether a handler runs; what it is given must not be used afterwards.
func (t *task) running() bool { return t.msg != nil && !t.closed.Load() }

// Processor implements [kernel.Task].
func (t *task) Processor() *kernel.Processor { return t.p.k }

// Partition implements [kernel.Task].
func (t *task) Partition() int32 { return t.partition }

// Own implements [kernel.Task].
func (t *task) Own() kernel.Rows { return t.own }

// Join implements [kernel.Task].
func (t *task) Join(index int) kernel.Reader { return t.joins[index] }

// Lookup implements [kernel.Task].
func (t *task) Lookup(index int) kernel.Reader { return t.lookups[index] }

// PartitionOf implements [kernel.Task].
func (t *task) PartitionOf(out *kernel.Output, key []byte) (int32, error) {
	n, ok := t.p.outputs[out]
	if !ok {
		return 0, fmt.Errorf("topic %q is not an output of processor %q", out.Topic.Name, t.p.k.Name)
	}
	return partitionOf(out.Topic.HashPart, key, n), nil
}

// Emit implements [kernel.Task]. The record is sent at once, but for an output that is declared to come last.
func (t *task) Emit(out *kernel.Output, key, value []byte, timestamp time.Time, headers []kernel.Header) error {
	if !t.running() {
		return errStopped
	}
	partition, err := t.PartitionOf(out, key)
	if err != nil {
		return err
	}
	r := sender.Record{
		Topic: out.Topic.Name, Partition: partition,
		Key: key, Value: value, Timestamp: timestamp, Headers: headers,
	}
	b := t.cur
	b.outputs++
	b.bytes += len(key) + len(value)
	if out.Last {
		b.last = append(b.last, held{record: r, by: originOf(t.msg)})
		return nil
	}
	return b.send(t.a.session.Context(), r, originOf(t.msg))
}
