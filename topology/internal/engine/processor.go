package engine

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eddystream/eddy/topology/internal/gokagroup"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// processor is a processor of the topology in this process: a member of its group.
type processor struct {
	e          *Engine
	k          *kernel.Processor
	log        *slog.Logger
	delivery   Delivery
	inputs     []inputDef
	partitions int32 // of its co-partitioned topics
	outputs    map[*kernel.Output]*outputDef
	senders    senders

	building *assignment                // between Assigned and Started, or Revoked; of the group's goroutine
	running  atomic.Pointer[assignment] // the assignment that was started; nil between two
	version  atomic.Int64               // counts the changes of running
	ready    chan struct{}              // closed by the first assignment
	once     sync.Once
}

var _ gokagroup.Host = (*processor)(nil)

func newProcessor(ctx context.Context, e *Engine, k *kernel.Processor, internal map[string]bool) (*processor, error) {
	p := &processor{
		e: e, k: k, log: e.opts.Logger.With("processor", k.Name), delivery: e.opts.delivery(k.Name),
		outputs: map[*kernel.Output]*outputDef{}, ready: make(chan struct{}),
	}
	p.senders.p = p
	for _, in := range k.Inputs {
		p.inputs = append(p.inputs, inputDef{topic: in.Topic.Name, handle: in.Handle})
	}
	outputs := k.Outputs
	if k.Loop != nil {
		p.inputs = append(p.inputs, inputDef{topic: k.Loop.Topic.Name, handle: k.Loop.Handle})
		outputs = append(append([]*kernel.Output(nil), outputs...), k.Loop.Out)
	}
	if len(k.Inputs) == 0 {
		return nil, fmt.Errorf("processor %q has no input", k.Name)
	}
	for i, out := range outputs {
		n, err := e.opts.Client.Partitions(ctx, out.Topic.Name)
		if err != nil {
			return nil, fmt.Errorf("processor %q, output %q: %w", k.Name, out.Topic.Name, err)
		}
		p.outputs[out] = &outputDef{out: out, partitions: n, internal: internal[out.Topic.Name], index: i}
	}
	var err error
	if p.partitions, err = e.opts.Client.Partitions(ctx, p.inputs[0].topic); err != nil {
		return nil, fmt.Errorf("processor %q, input %q: %w", k.Name, p.inputs[0].topic, err)
	}
	return p, nil
}

// equip gives a task its tables. Joins are added when they are opened.
func (p *processor) equip(t *task) error {
	t.time = t.newClockwork()
	t.owing.Store(len(p.k.Timers) > 0) // until it has been looked at
	of := map[string]*kernel.Timers{}
	for _, def := range p.k.Timers {
		of[def.Table.Topic.Name] = def
	}
	for _, def := range p.k.OwnTables() {
		table, err := p.table(roleOwn, def.Topic.Name, t.partition)
		if err != nil {
			return err
		}
		by := of[def.Topic.Name]
		if by == nil {
			t.stores = append(t.stores, newRows(t, def, table))
			continue
		}
		index, err := p.table(roleIndex, def.Topic.Name, t.partition)
		if err != nil {
			return err
		}
		tm := newTimers(t, by, table, index)
		t.stores, t.time.timers = append(t.stores, tm.rows), append(t.time.timers, tm)
	}
	t.joins = make([]*reader, len(p.k.Joins))
	for _, def := range p.k.Lookups {
		from := p.e.lookups[def.Topic.Name]
		t.lookups = append(t.lookups, newReader(t, def, lookup(def, from), lookupMany(def, from)))
	}
	return nil
}

// run is the membership, until ctx is done or something failed.
func (p *processor) run(ctx context.Context) error {
	held, err := p.held()
	if err != nil {
		return err
	}
	defer p.senders.close()
	if p.e.opts.Standby {
		if err := p.loadAhead(ctx); err != nil {
			return p.ended(ctx, err)
		}
	}
	spec := gokagroup.Spec{
		Processor: p.k, Partitions: p.partitions, Client: p.e.opts.Client, Standby: p.e.opts.Standby, Held: held, Logger: p.log,
	}
	if p.e.opts.Static {
		spec.Instance = p.e.opts.Instance
	}
	return p.ended(ctx, gokagroup.Run(ctx, spec, p))
}

// ended is the error that a membership ended with, nil if ctx did it.
func (p *processor) ended(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return nil //nolint:nilerr // the contract above
	}
	if _, ok := asProcessError(err); ok {
		return err
	}
	return &ProcessError{Processor: p.k.Name, Offset: -1, Err: err}
}

// Assigned implements [gokagroup.Host].
func (p *processor) Assigned(s *gokagroup.Session) (err error) {
	if p.building, err = newAssignment(p, s); err != nil {
		return err
	}
	if err := p.beforeLoading(s.Context()); err != nil {
		return p.building.passing(err)
	}
	p.building.restore(s.Context())
	return p.building.standBy(s.Context())
}

// beforeLoading sees to it that what former owners have committed, or still can, is in the logs before tables are loaded: transactions of this
// process are ended, and those that have added offsets of the partitions are waited for. Later ones cannot add any, for they are of a former
// generation.
func (p *processor) beforeLoading(ctx context.Context) error {
	if err := p.senders.open(ctx); err != nil {
		return err
	}
	inputs := p.building.inputs()
	if len(inputs) == 0 {
		return nil
	}
	_, err := p.e.opts.Client.StableOffsets(ctx, p.k.Group, inputs)
	return err
}

// Started implements [gokagroup.Host].
func (p *processor) Started(s *gokagroup.Session) error {
	a := p.building
	if err := a.passing(a.start(s.Context())); err != nil || a.writing.Err() != nil {
		return err
	}
	took := time.Since(a.began)
	p.running.Store(a)
	p.version.Add(1)
	p.once.Do(func() { close(p.ready) })
	p.e.changed.raise()
	p.log.Info("partitions assigned", "partitions", s.Partitions, "generation", s.Member.Generation, "took", took)
	if f := p.e.opts.Observer.Assigned; f != nil {
		f(kernel.AssignedInfo{Processor: p.k.Name, Partitions: s.Partitions, Took: took})
	}
	return nil
}

// Revoked implements [gokagroup.Host].
func (p *processor) Revoked(s *gokagroup.Session) {
	a := p.building
	if a == nil {
		return // it could not even begin
	}
	p.building = nil
	complete := a.close(p.e.opts.DrainTimeout)
	p.running.CompareAndSwap(a, nil)
	p.version.Add(1)
	p.e.changed.raise()
	p.log.Info("partitions revoked", "partitions", s.Partitions, "generation", s.Member.Generation, "dropped", !complete)
	if f := p.e.opts.Observer.Revoked; f != nil {
		f(kernel.RevokedInfo{Processor: p.k.Name, Partitions: s.Partitions, Dropped: !complete})
	}
}

// Failed implements [gokagroup.Host].
func (p *processor) Failed(err error, final bool) {
	if final {
		p.e.fail(&ProcessError{Processor: p.k.Name, Offset: -1, Err: err})
		return
	}
	p.log.Warn("consumer group", "error", err)
}
