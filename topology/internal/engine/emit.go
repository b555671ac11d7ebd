package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/pack"
	"github.com/eddystream/eddy/topology/internal/sender"
)

// outputDef is an output of a processor, the loop's too.
type outputDef struct {
	out        *kernel.Output
	partitions int32
	// internal says that processors of the topology read it, so that they can tell a former owner's records from the present one's.
	internal bool
	index    int // among the processor's outputs
}

// group is which of a batch's groups of outputs it belongs to.
func (d *outputDef) group() int {
	if d.out.Last {
		return last
	}
	return first
}

// PartitionOf implements [kernel.Task].
func (t *task) PartitionOf(out *kernel.Output, key []byte) (int32, error) {
	d, ok := t.p.outputs[out]
	if !ok {
		return 0, fmt.Errorf("topic %q is not an output of processor %q", out.Topic.Name, t.p.k.Name)
	}
	return partitionOf(out.Topic.HashPart, key, d.partitions), nil
}

// Emit implements [kernel.Task]. The record is held until the batch is cut.
func (t *task) Emit(out *kernel.Output, key, value []byte, timestamp time.Time, headers []kernel.Header) error {
	if !t.active() {
		return errStopped
	}
	partition, err := t.PartitionOf(out, key)
	if err != nil {
		return err
	}
	d, b := t.p.outputs[out], t.cur
	if err := t.fits(len(key)+len(value), headers); err != nil {
		return kernel.In(kernel.PhaseWrite, fmt.Errorf("output %q, key %s: %w", out.Topic.Name, kernel.Quote(key), err))
	}
	if key == nil { // it has nothing to be placed by, and stays apart from those of other partitions
		partition = t.partition % d.partitions
	}
	size := len(key) + len(value) + recordOverhead
	if t.emitted += size; t.emitted > MaxEmitted {
		return kernel.In(kernel.PhaseWrite, ErrTooMuch)
	}
	b.emitted++
	b.changed = true
	b.bytes += size
	if out.Topic.Packed && !t.p.e.opts.Unpacked {
		t.packed = append(t.packed, packedMessage{to: t.packing(d, partition), key: key, value: value, Emission: kernel.Emission{Timestamp: timestamp, Headers: headers}})
		return nil
	}
	if d.internal {
		headers = append(slices.Clip(headers), kernel.Header{Key: fence.HeaderKey, Value: t.stamp})
	}
	g := d.group()
	b.outputs[g] = append(b.outputs[g], output{by: originOf(t.msg), record: sender.Record{
		Topic: out.Topic.Name, Partition: partition, Key: key, Value: value, Timestamp: timestamp, Headers: headers,
	}})
	return nil
}

// MaxEmitted is how many bytes a handler may emit and write for one record. They are held until the record's batch is cut.
const MaxEmitted = 64 << 20

// ErrTooMuch is returned to a handler that has emitted and written [MaxEmitted] bytes for one record.
var ErrTooMuch = fmt.Errorf("a record led to more than %d bytes of outputs and rows: send the rest in steps, through a loop", MaxEmitted)

// ErrTooLarge says that a row, or a record that is emitted, is larger than a record may be.
var ErrTooLarge = errors.New("too large for a record")

// headerBytes is what a header takes in a record beside its key and value, at most.
const headerBytes = 10

// fits is nil for a record that is not too large. bytes are those of its key and value.
func (t *task) fits(bytes int, headers []kernel.Header) error {
	for i := range headers {
		bytes += len(headers[i].Key) + len(headers[i].Value) + headerBytes
	}
	if most := t.p.e.opts.MaxRecordBytes; bytes > most {
		return fmt.Errorf("%w: it has %d bytes, and at most %d are possible", ErrTooLarge, bytes, most)
	}
	return nil
}

// recordOverhead is what an emitted record takes in a batch beside its key and value, about.
const recordOverhead = 64

// packing collects the messages of a batch for one partition of a packed output.
type packing struct {
	t         *task
	def       *outputDef
	partition int32
	builder   pack.Builder
	by        origin // of the first message
	batch     *batch // that has it among its packs
}

// packing returns the collector for a partition of an output; it is made once and used for one batch after the other.
func (t *task) packing(d *outputDef, partition int32) *packing {
	if t.packings == nil {
		t.packings = make([][]*packing, len(t.p.outputs))
	}
	of := t.packings[d.index]
	if of == nil {
		of = make([]*packing, d.partitions)
		t.packings[d.index] = of
	}
	p := of[partition]
	if p == nil {
		p = &packing{t: t, def: d, partition: partition}
		of[partition] = p
	}
	return p
}

func (p *packing) add(b *batch, m *packedMessage, by origin) {
	if p.batch != b {
		p.builder.Reset()
		p.batch = b
		b.packs = append(b.packs, p)
	}
	if p.builder.Len() == 0 {
		p.by = by
	}
	if !p.builder.Add(m.key, m.value, m.Timestamp, m.Headers) {
		p.flush(b)
		p.by = by
		p.builder.Add(m.key, m.value, m.Timestamp, m.Headers) // one of any size, where there is none
	}
}

// close makes a record of what is left.
func (p *packing) close(b *batch) {
	p.flush(b)
	p.batch = nil
}

// flush makes a record of the messages collected, if there are any.
func (p *packing) flush(b *batch) {
	if p.builder.Len() == 0 {
		return
	}
	m := p.builder.Record()
	p.builder.Reset()
	headers := m.Headers
	if p.def.internal {
		headers = append(slices.Clip(headers), kernel.Header{Key: fence.HeaderKey, Value: p.t.stamp})
	}
	g := p.def.group()
	b.outputs[g] = append(b.outputs[g], output{by: p.by, record: sender.Record{
		Topic: p.def.out.Topic.Name, Partition: p.partition, Key: m.Key, Value: m.Value, Timestamp: m.Timestamp, Headers: headers,
	}})
}
