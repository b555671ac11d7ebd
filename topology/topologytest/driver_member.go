package topologytest

import (
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// member is one processor at work.
type member struct {
	d       *Driver
	p       *kernel.Processor
	cursors []*cursor // inputs, then the loop
	own     *rows     // nil: none
	joins   []*replica
	lookups []*replica
	sent    []sent // by the open batch, in order
}

// sent is a record that waits for its batch.
type sent struct {
	out     *kernel.Output
	message kernel.Message
}

func newMember(d *Driver, p *kernel.Processor) *member {
	m := &member{d: d, p: p}
	for _, in := range p.Inputs {
		m.cursors = append(m.cursors, &cursor{log: d.stream(in.Topic.Name), topic: in.Topic, handle: in.Handle})
	}
	if l := p.Loop; l != nil {
		m.cursors = append(m.cursors, &cursor{log: d.stream(l.Topic.Name), topic: l.Topic, handle: l.Handle})
	}
	for _, out := range p.Outputs {
		d.stream(out.Topic.Name)
	}
	if p.Own != nil {
		m.own = newRows(p.Own, d.table(p.Own.Topic.Name))
	}
	for _, t := range p.Joins {
		m.joins = append(m.joins, newReplica(d, t))
	}
	for _, t := range p.Lookups {
		m.lookups = append(m.lookups, newReplica(d, t))
	}
	return m
}

func (m *member) replicas() []*replica {
	return append(slices.Clip(m.joins), m.lookups...)
}

// forget drops what is decoded and not committed.
func (m *member) forget() {
	if m.own != nil {
		m.own.forget()
	}
	for _, r := range m.replicas() {
		clear(r.decoded)
	}
}

// oldest returns the input whose next record has waited longest; nil if none waits.
func (m *member) oldest() *cursor {
	var first *cursor
	for _, c := range m.cursors {
		if c.waiting() && (first == nil || c.seq() < first.seq()) {
			first = c
		}
	}
	return first
}

// pick returns the input to go on with.
func (m *member) pick() *cursor {
	if m.d.rng == nil {
		return m.oldest()
	}
	var waiting []*cursor
	for _, c := range m.cursors {
		if c.waiting() {
			waiting = append(waiting, c)
		}
	}
	if len(waiting) == 0 {
		return nil
	}
	return waiting[m.d.rng.IntN(len(waiting))]
}

// batch processes some records and commits them.
func (m *member) batch() error {
	n := m.d.opts.batch
	if m.d.rng != nil {
		n = 1 + m.d.rng.IntN(n)
	}
	var last *kernel.Message
	for range n {
		c := m.pick()
		if c == nil {
			break
		}
		message := c.log.records[c.at].message
		last = &message
		if err := m.handle(c, last); err != nil {
			return m.failed(last, err)
		}
		c.at++
		if m.d.opts.fresh {
			if err := m.refresh(); err != nil {
				return m.failed(last, err)
			}
		}
	}
	if err := m.commit(); err != nil {
		return m.failed(last, err)
	}
	return nil
}

// handle calls the handler; its panic is an error, as in production.
func (m *member) handle(c *cursor, message *kernel.Message) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return c.handle(m.d.ctx, &task{member: m, part: partitionOf(c.topic, message.Key), message: message}, message)
}

func (m *member) failed(at *kernel.Message, err error) error {
	return &topology.ProcessError{Processor: m.p.Name, Topic: at.Topic, Partition: at.Partition, Offset: at.Offset, Key: at.Key, Err: err}
}

// refresh encodes and drops all decoded rows.
func (m *member) refresh() error {
	for _, r := range m.replicas() {
		clear(r.decoded)
	}
	if m.own == nil {
		return nil
	}
	return m.own.refresh()
}

// commit does what the protocol does: outputs, those that are held back after the others; then state; then
// offsets. A crash comes after a part of the outputs.
func (m *member) commit() error {
	var ordered []sent
	for _, last := range []bool{false, true} {
		for _, s := range m.sent {
			if s.out.Last == last {
				ordered = append(ordered, s)
			}
		}
	}
	m.sent = m.sent[:0]
	crash := m.d.opts.crashes > 0 && m.d.rng.Float64() < m.d.opts.crashes
	if crash {
		ordered = ordered[:m.d.rng.IntN(len(ordered)+1)]
	}
	for _, s := range ordered {
		m.d.append(s.out.Topic.Name, s.message)
	}
	if crash {
		m.forget()
		for _, c := range m.cursors {
			c.at = c.committed
		}
		return nil
	}
	if m.own != nil {
		if err := m.own.commit(); err != nil {
			return err
		}
	}
	for _, c := range m.cursors {
		c.committed = c.at
	}
	return nil
}
