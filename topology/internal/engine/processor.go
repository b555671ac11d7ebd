package engine

import (
	"context"
	"fmt"
	"hash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lovoo/goka"
	"github.com/lovoo/goka/codec"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// processor is a kernel processor on a goka processor.
type processor struct {
	e          *Engine
	k          *kernel.Processor
	log        *slog.Logger
	inputs     []inputDef
	inputIndex map[string]int           // by topic
	partitions int32                    // of its co-partitioned topics
	outputs    map[*kernel.Output]int32 // the loop's too, and how many partitions each has

	building atomic.Pointer[assignment] // the assignment that goka sets up or runs
	running  atomic.Pointer[assignment] // the assignment that was set up; nil between two
	version  atomic.Int64               // counts the changes of running
	ready    chan struct{}              // closed by the first assignment
	once     sync.Once
}

func newProcessor(ctx context.Context, e *Engine, k *kernel.Processor) (*processor, error) {
	p := &processor{
		e: e, k: k, log: e.opts.Logger.With("processor", k.Name),
		inputIndex: map[string]int{}, outputs: map[*kernel.Output]int32{}, ready: make(chan struct{}),
	}
	for _, in := range k.Inputs {
		p.add(in.Topic.Name, in.Handle)
	}
	outputs := k.Outputs
	if k.Loop != nil {
		p.add(k.Loop.Topic.Name, k.Loop.Handle)
		outputs = append(append([]*kernel.Output(nil), outputs...), k.Loop.Out)
	}
	if len(k.Inputs) == 0 {
		return nil, fmt.Errorf("processor %q has no input", k.Name)
	}
	for _, out := range outputs {
		n, err := e.opts.Client.Partitions(ctx, out.Topic.Name)
		if err != nil {
			return nil, fmt.Errorf("processor %q, output %q: %w", k.Name, out.Topic.Name, err)
		}
		p.outputs[out] = n
	}
	var err error
	if p.partitions, err = e.opts.Client.Partitions(ctx, p.inputs[0].topic); err != nil {
		return nil, fmt.Errorf("processor %q, input %q: %w", k.Name, p.inputs[0].topic, err)
	}
	return p, nil
}

func (p *processor) add(topic string, handle kernel.Handler) {
	p.inputIndex[topic] = len(p.inputs)
	p.inputs = append(p.inputs, inputDef{topic: topic, handle: handle})
}

// equip gives a task its tables, but for the joins, which goka opens.
func (p *processor) equip(t *task) error {
	if p.k.Own != nil {
		table, err := p.e.opts.Store.Table(tableName(p.k.Group, roleOwn, p.k.Own.Topic.Name, t.partition))
		if err != nil {
			return err
		}
		t.own = newRows(t, p.k.Own, table)
	}
	t.joins = make([]*reader, len(p.k.Joins))
	for _, def := range p.k.Lookups {
		t.lookups = append(t.lookups, newReader(t, def, lookup(def, p.e.lookups[def.Topic.Name])))
	}
	return nil
}

// graph is the processor as goka knows it: all edges in bytes.
func (p *processor) graph() *goka.GroupGraph {
	raw := new(codec.Bytes)
	var edges []goka.Edge
	for i, in := range p.inputs {
		if p.k.Loop != nil && i == len(p.inputs)-1 {
			edges = append(edges, goka.Loop(raw, p.callback(i)))
			continue
		}
		edges = append(edges, goka.Input(goka.Stream(in.topic), raw, p.callback(i)))
	}
	if p.k.Own != nil {
		edges = append(edges, goka.Persist(raw))
	}
	for _, t := range p.k.Joins {
		edges = append(edges, goka.Join(goka.Table(t.Topic.Name), raw))
	}
	for _, o := range p.k.Outputs {
		edges = append(edges, goka.Output(goka.Stream(o.Topic.Name), raw))
	}
	return goka.DefineGroup(goka.Group(p.k.Group), edges...)
}

// callback hands a record of the input to its partition's task.
func (p *processor) callback(index int) goka.ProcessCallback {
	return func(ctx goka.Context, _ any) {
		t := p.building.Load().tasks[ctx.Partition()]
		t.process(ctx.Context(), t.inputs[index], index, ctx.Offset())
	}
}

// run runs the processor until ctx is done or the run has failed.
func (p *processor) run(ctx context.Context) error {
	opts := &p.e.opts
	options := []goka.ProcessorOption{
		goka.WithClientID(opts.Client.Settings().ClientID),
		goka.WithLogger(gokaLog{p.log}),
		goka.WithStorageBuilder(p.storage),
		goka.WithConsumerGroupBuilder(p.group),
		goka.WithConsumerSaramaBuilder(opts.Reader.Consumers()),
		goka.WithTopicManagerBuilder(opts.Reader.TopicManagers()),
		goka.WithProducerBuilder(p.producer),
		goka.WithHasher(newHasher),
		goka.WithPartitionChannelSize(channelBuffer),
		goka.WithNilHandling(goka.NilProcess),
	}
	if opts.Standby {
		options = append(options, goka.WithHotStandby(), goka.WithRecoverAhead())
	}
	var g *goka.Processor
	err := guard(func() (err error) {
		g, err = goka.NewProcessor(opts.Client.Settings().Brokers, p.graph(), options...)
		return err
	})
	if err != nil {
		return &ProcessError{Processor: p.k.Name, Offset: -1, Err: err}
	}
	if err := guard(func() error { return g.Run(ctx) }); err != nil && ctx.Err() == nil {
		return &ProcessError{Processor: p.k.Name, Offset: -1, Err: err}
	}
	return nil
}

// assigned makes an assignment that was set up the running one.
func (p *processor) assigned(a *assignment, took time.Duration) {
	p.running.Store(a)
	p.version.Add(1)
	p.once.Do(func() { close(p.ready) })
	p.e.changed.raise()
	p.log.Info("partitions assigned", "partitions", a.partitions(), "took", took)
	p.e.observe.assigned(p.k.Name, a.partitions(), took)
}

// revoked ends the running assignment.
func (p *processor) revoked(a *assignment, dropped bool) {
	p.running.CompareAndSwap(a, nil)
	p.version.Add(1)
	p.e.changed.raise()
	p.log.Info("partitions revoked", "partitions", a.partitions(), "dropped", dropped)
	p.e.observe.revoked(p.k.Name, a.partitions(), dropped)
}

// newHasher is goka's partitioner, for what goka itself looks up.
func newHasher() hash.Hash32 { return new(hasher) }

// hasher is murmur2 with the sign bit cleared over what was written.
type hasher struct{ data []byte }

func (h *hasher) Write(p []byte) (int, error) {
	h.data = append(h.data, p...)
	return len(p), nil
}

func (h *hasher) Sum32() uint32 { return uint32(cluster.Partition(h.data, 1<<31-1)) }
func (h *hasher) Sum(b []byte) []byte {
	s := h.Sum32()
	return append(b, byte(s>>24), byte(s>>16), byte(s>>8), byte(s))
}
func (h *hasher) Reset()         { h.data = h.data[:0] }
func (h *hasher) Size() int      { return 4 }
func (h *hasher) BlockSize() int { return 1 }
