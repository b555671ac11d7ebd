package engine

import (
	"time"

	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
)

// batch is the work of a task between two commits. While it is open it belongs to the task; once cut, to the coordinator.
type batch struct {
	task    *task
	seq     uint64
	records int
	emitted int
	bytes   int
	counted int64   // of bytes, in the budget of all batches
	next    []int64 // by input: one past the last record of the batch; 0: none
	outputs [2][]output
	packs   []*packing
	dirty   []*row // rows written, each once
	rows    []change
	offsets []offset // of next, with what is committed beside them

	log      []taken // the records, where they may have to be processed again
	careful  bool    // each message can be undone by itself
	isolated bool    // what is sent is sent one by one, so that it is known what is refused

	cut time.Time
}

// The two groups of outputs: those that are declared to come last are sent when the others are in the log.
const (
	first = iota
	last
)

// output is a record to be sent, and the one that emitted it.
type output struct {
	record sender.Record
	by     origin
}

// change is a row to be committed; a nil value deletes.
type change struct {
	key, value []byte
	by         origin
}

// offset is what is committed of an input.
type offset struct {
	in       *input
	next     int64
	metadata string
}

// origin names the record that caused something.
type origin struct {
	topic  string
	offset int64
	packed bool
	index  int
	key    []byte
}

func originOf(m *kernel.Message) origin {
	return origin{topic: m.Topic, offset: m.Offset, packed: m.Packed, index: m.Index, key: m.Key}
}

// fails is the error of what the record caused.
func (o origin) fails(t *task, err error) *ProcessError {
	return &ProcessError{
		Processor: t.p.k.Name, Phase: kernel.PhaseWrite,
		Topic: o.topic, Partition: t.partition, Offset: o.offset, Packed: o.packed, Index: o.index, Key: o.key, Err: err,
	}
}

func newBatch(t *task) *batch {
	t.seq++
	isolated := t.trouble.suspicious(t)
	if !isolated {
		t.trouble.suspect = nil
	}
	return &batch{task: t, seq: t.seq, next: make([]int64, len(t.inputs)), careful: isolated || len(t.trouble.queue) > 0, isolated: isolated}
}

// empty reports whether there is nothing to commit.
func (b *batch) empty() bool { return b.records == 0 }

// full reports whether the next record has to wait for the batch to be cut.
func (b *batch) full() bool {
	o := &b.task.p.e.opts
	if b.isolated && b.records > 0 {
		return true
	}
	return b.records >= o.BatchRecords || b.bytes >= o.BatchBytes || o.Memory.Batches.full(b.counted)
}

// count brings the budget of all batches up to date.
func (b *batch) count() {
	b.task.p.e.opts.Memory.Batches.used.Add(int64(b.bytes) - b.counted)
	b.counted = int64(b.bytes)
}

// forget gives the bytes of a batch back that is committed, or never will be.
func (b *batch) forget() {
	b.task.p.e.opts.Memory.Batches.used.Add(-b.counted)
	b.counted = 0
}

// seal turns what was collected into what is sent and written.
func (b *batch) seal() error {
	for _, p := range b.packs {
		p.close(b)
	}
	b.packs = nil
	if b.task.own != nil {
		if err := b.task.own.encode(b); err != nil {
			return err
		}
	}
	b.task.restand()
	for i, n := range b.next {
		if n == 0 {
			continue
		}
		in := b.task.inputs[i]
		metadata, err := in.metadata()
		if err != nil {
			return &ProcessError{Processor: b.task.p.k.Name, Topic: in.tp.Topic, Partition: in.tp.Partition, Offset: -1, Err: err}
		}
		b.offsets = append(b.offsets, offset{in: in, next: n, metadata: metadata})
	}
	b.cut = b.task.p.e.now()
	return nil
}
