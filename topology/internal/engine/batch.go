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
	next    []int64 // by input: one past the last record of the batch; 0: none
	outputs [2][]output
	packs   []*packing
	dirty   []*row // rows written, each once
	rows    []change
	offsets []offset // of next, with what is committed beside them

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

func newBatch(t *task) *batch {
	t.seq++
	return &batch{task: t, seq: t.seq, next: make([]int64, len(t.inputs))}
}

// empty reports whether there is nothing to commit.
func (b *batch) empty() bool { return b.records == 0 }

// full reports whether the next record has to wait for the batch to be cut.
func (b *batch) full() bool {
	o := &b.task.p.e.opts
	return b.records >= o.BatchRecords || b.bytes >= o.BatchBytes
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
	b.cut = time.Now()
	return nil
}
