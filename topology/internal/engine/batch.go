package engine

import (
	"slices"
	"time"

	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
)

// batch is the work of a task between two commits. While it is open it belongs to the task; once cut, to the coordinator.
type batch struct {
	task    *task
	seq     uint64
	records int
	firings int
	emitted int
	changed bool // something was emitted or written
	bytes   int
	counted int64   // of bytes, in the budget of all batches
	next    []int64 // by input: one past the last record of the batch; 0: none
	outputs [2][]output
	packs   []*packing
	set     []changes // of timers, that handlers made: in the log before rows
	rows    []changes // of the tables that were written
	fired   []changes // of timers that have fired: in the log when all else is
	local   []changes // of tables without a changelog
	keys    int       // rows that changed, each once
	offsets []offset  // of next, with what is committed beside them

	log      []taken // the records, where they may have to be processed again
	stream   int64   // the stream time when it began
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

// changes are a batch's changes of one own table.
type changes struct {
	of   *rows
	rows []change
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
	index  int
	key    []byte
	due    int64 // of a timer, in milliseconds since 1970
	packed bool
}

func originOf(m *kernel.Message) origin {
	o := origin{topic: m.Topic, offset: m.Offset, packed: m.Packed, index: m.Index, key: m.Key}
	if m.Offset < 0 {
		o.due = m.Timestamp.UnixMilli()
	}
	return o
}

// known reports whether it is known what caused it: a record, or a firing.
func (o origin) known() bool { return o.topic != "" || o.offset < 0 }

// fails is the error of what the record caused.
func (o origin) fails(t *task, err error) *ProcessError {
	e := &ProcessError{
		Processor: t.p.k.Name, Phase: kernel.PhaseWrite,
		Topic: o.topic, Partition: t.partition, Offset: o.offset, Packed: o.packed, Index: o.index, Key: o.key, Err: err,
	}
	if o.offset < 0 && o.topic != "" {
		e.Due = time.UnixMilli(o.due)
	}
	return e
}

func newBatch(t *task) *batch {
	t.seq++
	isolated := t.trouble.suspicious(t)
	if !isolated {
		t.trouble.suspect = nil
	}
	return &batch{
		task: t, seq: t.seq, next: make([]int64, len(t.inputs)), stream: t.time.stream,
		careful: isolated || len(t.trouble.queue) > 0, isolated: isolated,
	}
}

// empty reports whether there is nothing to commit.
func (b *batch) empty() bool { return b.records == 0 && !b.changed }

// logged lists the changes that go to changelogs, in the order in which they do.
func (b *batch) logged() []changes { return slices.Concat(b.set, b.rows, b.fired) }

// of lists the changes of one table.
func (b *batch) of(r *rows) (list []change) {
	for _, c := range slices.Concat(b.set, b.rows, b.fired, b.local) {
		if c.of == r {
			list = append(list, c.rows...)
		}
	}
	return list
}

// full reports whether the next record, or firing, has to wait for the batch to be cut.
func (b *batch) full() bool {
	o := &b.task.p.e.opts
	if b.empty() {
		return false
	}
	if b.isolated && b.records+b.firings > 0 {
		return true
	}
	return b.records+b.firings >= o.BatchRecords || b.bytes >= o.BatchBytes || o.Memory.Batches.full(b.counted)
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
	for _, r := range b.task.stores {
		if len(r.dirty) == 0 {
			continue
		}
		if r.timers != nil {
			if err := r.timers.seal(b); err != nil {
				return err
			}
			continue
		}
		list, err := r.encode(b)
		if err != nil {
			return err
		}
		b.rows = append(b.rows, changes{of: r, rows: list})
		b.keys += len(list)
	}
	b.task.restand()
	return b.sealOffsets()
}

// sealOffsets takes the offsets of the inputs that records came from, with the stream time. What no record has led to is committed in a transaction all the
// same, so it needs one that is as it was: the group refuses it where the member is none any more.
func (b *batch) sealOffsets() error {
	t := b.task
	for i, n := range b.next {
		in := t.inputs[i]
		if n == 0 && (b.records > 0 || i > 0 || t.p.delivery != ExactlyOnce) {
			continue
		}
		in.keepTime(t.time.stream)
		metadata, err := in.metadata()
		if err != nil {
			return &ProcessError{Processor: t.p.k.Name, Topic: in.tp.Topic, Partition: in.tp.Partition, Offset: -1, Err: err}
		}
		b.offsets = append(b.offsets, offset{in: in, next: in.at, metadata: metadata})
	}
	b.cut = b.task.p.e.now()
	return nil
}
