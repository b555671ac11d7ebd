package topology

import (
	"errors"
	"fmt"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Builder collects the processors of a topology. It is used by one goroutine, until [Builder.Build].
// Declarations do not fail: Build reports their problems.
type Builder struct {
	name       string
	processors []*processor
	problems   []error
	closed     bool
}

// NewBuilder starts a topology. Its name is the prefix of all consumer groups, tables and loops, so it is the
// identity of the state: another name starts from nothing. Give the streams between its processors names that begin with it, too.
func NewBuilder(name string) *Builder { return &Builder{name: name} }

func (b *Builder) add(p *processor) {
	if b.closed {
		b.report(fmt.Errorf("%w %q: processor %q was added after Build", ErrInvalid, b.name, p.kernel.Name))
		return
	}
	b.processors = append(b.processors, p)
}

func (b *Builder) report(err error) { b.problems = append(b.problems, err) }

// Build closes the builder and returns the topology, or all that is wrong with it: errors that wrap
// [ErrInvalid] and name processor and topic, joined. What is declared later is refused, by its handles and by
// another call of Build.
func (b *Builder) Build() (*Topology, error) {
	if b.closed {
		return nil, errors.Join(append([]error{fmt.Errorf("%w %q: it was built already", ErrInvalid, b.name)}, b.problems...)...)
	}
	b.closed = true
	b.validate()
	if len(b.problems) > 0 {
		return nil, errors.Join(b.problems...)
	}
	t := &Topology{kernel: &kernel.Topology{Name: b.name}}
	for _, p := range b.processors {
		p.compile()
		t.kernel.Processors = append(t.kernel.Processors, p.kernel)
	}
	t.model = describe(b)
	return t, nil
}

// compile fills the kernel's processor from the edges.
func (p *processor) compile() {
	k := p.kernel
	for _, e := range p.edges {
		switch e.role {
		case roleInput:
			k.Inputs = append(k.Inputs, &kernel.Input{Topic: e.topic, Handle: e.handler, Start: e.input.start, Lost: e.input.lost})
		case roleOutput:
			k.Outputs = append(k.Outputs, e.output)
		case roleJoin:
			e.table.Index = len(k.Joins)
			k.Joins = append(k.Joins, e.table)
		case roleLookup:
			e.table.Index = len(k.Lookups)
			k.Lookups = append(k.Lookups, e.table)
		case roleTable:
			k.Own = e.table
		case roleStore:
			e.table.Index = len(k.Stores)
			k.Stores = append(k.Stores, e.table)
		case roleTimers:
			e.timers.Index, e.timers.Handle = len(k.Timers), e.handler
			k.Timers = append(k.Timers, e.timers)
		case roleLoop:
			k.Loop = &kernel.Loop{Topic: e.topic, Handle: e.handler, Out: e.output}
		}
	}
}

// Topology is a valid set of processors, ready to be run, tested or described. It is immutable and safe for
// concurrent use; one may be run by several apps.
type Topology struct {
	kernel *kernel.Topology
	model  model
}

// Name returns the name of the topology.
func (t *Topology) Name() string { return t.kernel.Name }

// Processors returns the names of the processors in the order of their declaration.
func (t *Topology) Processors() []string {
	names := make([]string, len(t.kernel.Processors))
	for i, p := range t.kernel.Processors {
		names[i] = p.Name
	}
	return names
}

// Kernel returns the topology in bytes, for package topologytest. Its type is internal: nothing else can use it.
func (t *Topology) Kernel() *kernel.Topology { return t.kernel }
