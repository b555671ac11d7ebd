package engine

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
)

// batch is the work of a task between two commits. While it is open it belongs to the holder of the task's mutex; once cut, to the
// committer. Only pending and dead are shared with the acknowledgements.
type batch struct {
	task    *task
	seq     uint64
	records int
	outputs int
	bytes   int
	next    []int64 // by input: one past the last record of the batch; 0: none
	dirty   []*row  // rows written, each once
	rows    []change
	last    []held // outputs that are sent after all others are acknowledged
	sent    bool   // they were sent
	cutAt   time.Time
	ackedAt time.Time

	pending atomic.Int64 // sends without acknowledgement, and one more until the batch is cut
	dead    atomic.Bool  // an acknowledgement failed: the batch is never committed
}

// change is a row to be committed; a nil value deletes.
type change struct {
	key, value []byte
}

// held is an output to be sent, and the record that emitted it.
type held struct {
	record sender.Record
	by     origin
}

// origin names the record that caused something.
type origin struct {
	topic  string
	offset int64
	key    []byte
}

func originOf(m *kernel.Message) origin {
	return origin{topic: m.Topic, offset: m.Offset, key: m.Key}
}

func newBatch(t *task, seq uint64) *batch {
	b := &batch{task: t, seq: seq, next: make([]int64, len(t.inputs))}
	b.pending.Store(1)
	return b
}

// full reports whether the next handler has to wait for the batch to be cut.
func (b *batch) full() bool {
	o := &b.task.p.e.opts
	return b.records >= o.BatchRecords || b.bytes >= o.BatchBytes
}

// send sends one output of the batch. It blocks while the sender's buffer is full.
func (b *batch) send(ctx context.Context, r sender.Record, by origin) error {
	b.pending.Add(1)
	topic, partition := r.Topic, r.Partition // keeping the whole record would cost an allocation each
	err := b.task.p.e.opts.Sender.Send(ctx, r, func(_ int64, err error) {
		if err != nil {
			b.fail(b.sendFailed(topic, partition, by, err))
		}
		b.acknowledge()
	})
	if err != nil {
		b.pending.Add(-1) // never the last: the batch is open, or the caller counts for one
	}
	return err
}

// sendFailed is the error of an output that was not acknowledged.
func (b *batch) sendFailed(topic string, partition int32, by origin, err error) error {
	return &ProcessError{
		Processor: b.task.p.k.Name, Topic: by.topic, Partition: b.task.partition, Offset: by.offset, Key: by.key,
		Err: &SendError{Topic: topic, Partition: partition, Err: err},
	}
}

// acknowledge takes one from pending and hands the batch to the committer when that was the last.
func (b *batch) acknowledge() {
	if b.pending.Add(-1) == 0 {
		b.task.p.e.committer.ready(b)
	}
}

// fail ends the batch and stops the run.
func (b *batch) fail(err error) {
	b.die()
	b.task.p.e.fail(err)
}

// die makes sure that the batch, and so nothing behind it, is ever committed.
func (b *batch) die() {
	b.dead.Store(true)
	b.task.lost.Store(true)
	poke(b.task.quiet)
}

// mark marks the input records of the batch.
func (b *batch) mark() {
	t := b.task
	for i, next := range b.next {
		if next == 0 {
			continue
		}
		in := t.inputs[i]
		t.a.session.MarkOffset(in.def.topic, t.partition, next, "")
		in.marked.Store(next)
	}
}
