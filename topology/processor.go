package topology

import (
	"fmt"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Processor is one consumer group whose records have keys of type K: the key of all its inputs, of its joins,
// its table and its loop.
type Processor[K any] struct {
	*processor
	key codecs.Codec[K]
}

// AddProcessor adds a processor; its consumer group is "<topology>-<name>", or "<topology>--<name>" if there is a "-" in the topology's
// name, so that the names of two topologies and their processors never meet. Neither name may have "--" in it. The key codec spells the keys of
// its table and loop, and should be that of its inputs and joins.
func AddProcessor[K any](b *Builder, name string, key codecs.Codec[K], opts ...ProcessorOption) *Processor[K] {
	p := &processor{builder: b, key: key}
	p.kernel = &kernel.Processor{Name: name, Group: join(b.name, name)}
	apply(p, opts)
	b.add(p)
	return &Processor[K]{processor: p, key: key}
}

// Name returns the name that the processor was given.
func (p *Processor[K]) Name() string { return p.kernel.Name }

// processor is a processor without its types.
type processor struct {
	builder *Builder
	kernel  *kernel.Processor // filled by Build; its address is the identity that handles compare
	key     any
	edges   []*edge // in the order of their declaration
	flows   []*end
}

// maxPartitions is more than any cluster has of a topic.
const maxPartitions = 1_000_000

// declare adds an edge, or finds the one that it repeats.
func (p *processor) declare(e *edge) handle {
	h := handle{proc: p, edge: e}
	if p.builder.closed {
		h.err = p.invalidf(e.topic.Name, "its %s was declared after Build", e.role)
		p.builder.report(h.err)
		return h
	}
	if isNil(e.key) || isNil(e.value) {
		p.problemf(e.topic.Name, "its %s has no codec", e.role)
	}
	if n := e.topic.Partitions; n < 0 || n > maxPartitions {
		p.problemf(e.topic.Name, "of its %s is declared with a number of partitions that is negative, or greater than %d", e.role, maxPartitions)
	}
	if old := p.repeated(e); old != nil {
		if !sameCodec(old.key, e.key) || !sameCodec(old.value, e.value) {
			p.problemf(e.topic.Name, "is declared as %s and %s with different codecs", old.role, e.role)
		}
		if old.topic.Packed != e.topic.Packed {
			p.problemf(e.topic.Name, "is declared as %s packed and not packed", old.role)
		}
		if old.last != e.last {
			p.problemf(e.topic.Name, "is declared as %s with and without Last", old.role)
		}
		if e.role == roleLookup {
			old.role = roleLookup
		}
		h.edge = old
		return h
	}
	p.edges = append(p.edges, e)
	return h
}

// repeated returns the edge that e is another declaration of. Tables are read through one edge whichever way
// they are declared, and outputs written through one; any other repetition is a mistake that Build reports.
func (p *processor) repeated(e *edge) *edge {
	reads := e.role == roleJoin || e.role == roleLookup
	for _, old := range p.edges {
		if old.topic.Name != e.topic.Name {
			continue
		}
		if reads && (old.role == roleJoin || old.role == roleLookup) || e.role == roleOutput && old.role == roleOutput {
			return old
		}
	}
	return nil
}

// sethandler reports whether an edge may be given a handler, and reports a problem otherwise.
func (p *processor) sethandler(e *edge, isNil bool) bool {
	switch {
	case p.builder.closed:
		p.problemf(e.topic.Name, "its %s was given a handler after Build", e.role)
	case isNil:
		p.problemf(e.topic.Name, "its %s was given a nil handler", e.role)
	case e.handler != nil:
		p.problemf(e.topic.Name, "its %s was given two handlers", e.role)
	default:
		return true
	}
	return false
}

func (p *processor) problemf(topic, format string, args ...any) {
	p.builder.report(p.invalidf(topic, format, args...))
}

func (p *processor) invalidf(topic, format string, args ...any) error {
	return fmt.Errorf("%w %q: processor %q: topic %q %s", ErrInvalid, p.builder.name, p.kernel.Name, topic, fmt.Sprintf(format, args...))
}
