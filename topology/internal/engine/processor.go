package engine

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eddystream/eddy/topology/internal/cluster"
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
	onError    kernel.Policies
	lenient    bool  // not every failure ends the run
	letters    int32 // partitions of the dead letters; 0: there are none
	suspects   suspects
	said       failureLog

	building *assignment                // between Assigned and Started, or Revoked; of the group's goroutine
	running  atomic.Pointer[assignment] // the assignment that was started; nil between two
	version  atomic.Int64               // counts the changes of running
	ready    chan struct{}              // closed by the first assignment
	once     sync.Once
	halted   chan struct{} // closed when the processor stops by itself
	halting  sync.Once
}

var _ gokagroup.Host = (*processor)(nil)

func newProcessor(ctx context.Context, e *Engine, k *kernel.Processor, internal map[string]bool) (*processor, error) {
	p := &processor{
		e: e, k: k, log: e.opts.Logger.With("processor", k.Name), delivery: e.opts.delivery(k.Name),
		outputs: map[*kernel.Output]*outputDef{}, ready: make(chan struct{}), halted: make(chan struct{}),
	}
	p.senders.p = p
	p.onError = e.opts.onError(k)
	p.lenient = !p.onError.Stop()
	known := map[string]bool{}
	for _, k := range e.opts.Whole.Processors {
		known[k.Name] = true
	}
	for _, in := range k.Inputs {
		p.inputs = append(p.inputs, inputDef{topic: in.Topic.Name, hashPart: in.Topic.HashPart, handle: in.Handle, known: known, start: in.Start, lost: in.Lost})
	}
	outputs := k.Outputs
	if k.Loop != nil {
		p.inputs = append(p.inputs, inputDef{topic: k.Loop.Topic.Name, hashPart: k.Loop.Topic.HashPart, handle: k.Loop.Handle, known: known})
		outputs = append(append([]*kernel.Output(nil), outputs...), k.Loop.Out)
	}
	if len(k.Inputs) == 0 {
		return nil, fmt.Errorf("processor %q has no input", k.Name)
	}
	for i, out := range outputs {
		n, err := e.opts.Cluster.Partitions(ctx, out.Topic.Name)
		if err != nil {
			return nil, fmt.Errorf("processor %q, output %q: %w", k.Name, out.Topic.Name, err)
		}
		p.outputs[out] = &outputDef{out: out, partitions: n, internal: internal[out.Topic.Name], index: i}
	}
	var err error
	if p.onError.DeadLetters() {
		if e.opts.Whole.DeadLetters == nil {
			return nil, fmt.Errorf("processor %q: there is no topic of dead letters", k.Name)
		}
		if p.letters, err = e.opts.Cluster.Partitions(ctx, e.opts.Whole.DeadLetters.Name); err != nil {
			return nil, fmt.Errorf("processor %q, dead letters %q: %w", k.Name, e.opts.Whole.DeadLetters.Name, err)
		}
	}
	if p.partitions, err = e.opts.Cluster.Partitions(ctx, p.inputs[0].topic); err != nil {
		return nil, fmt.Errorf("processor %q, input %q: %w", k.Name, p.inputs[0].topic, err)
	}
	return p, nil
}

// equip gives a task its tables. Joins are added when they are opened.
func (p *processor) equip(t *task) error {
	t.time = t.newClockwork()
	t.owing.Store(len(p.k.Timers) > 0) // until it has been looked at
	for _, def := range p.k.OwnTables() {
		table, err := p.table(roleOwn, def.Topic.Name, t.partition)
		if err != nil {
			return err
		}
		by := p.timersOf(def.Topic.Name)
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
	t.kept = slices.Clone(t.stores)
	for _, tm := range t.time.timers {
		t.kept = append(t.kept, tm.index)
	}
	t.joins = make([]*reader, len(p.k.Joins))
	for _, def := range p.k.Lookups {
		from := p.e.lookups[def.Topic.Name]
		t.lookups = append(t.lookups, newReader(t, def, lookup(def, from), lookupMany(def, from)))
	}
	return nil
}

// timersOf are the timers whose table is a topic; nil: none.
func (p *processor) timersOf(topic string) *kernel.Timers {
	for _, def := range p.k.Timers {
		if def.Table.Topic.Name == topic {
			return def
		}
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
	// Asked first, for joining a group that one may not know of is tried again and again.
	if _, err := p.e.opts.Client.Committed(ctx, p.k.Group); cluster.Permanent(err) && ctx.Err() == nil {
		return &ProcessError{Processor: p.k.Name, Offset: -1, Err: err}
	}
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
	a := p.building
	a.helpers.Go(func() { a.lease.keep(a.writing) })
	if err := p.beforeLoading(s.Context()); err != nil {
		return a.passing(err)
	}
	a.restore(s.Context())
	return a.passing(a.standBy(s.Context()))
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
	var err error
	p.building.found, err = p.e.opts.Client.StableOffsets(ctx, p.k.Group, inputs)
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
