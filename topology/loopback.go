package topology

import (
	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Loopback is the stream from a processor back to itself: the way to recurse, to any key, on any partition.
type Loopback[K, V any] struct {
	handle
	p      *Processor[K]
	stream Stream[K, V]
}

// Loop gives the processor its loop, with the topic "<topology>-<processor>-loop". A processor has at most
// one. The loop is a packed stream, see [Stream.Packed].
func Loop[K, V any](p *Processor[K], value codecs.Codec[V]) *Loopback[K, V] {
	s := NewStream(p.kernel.Group+"-loop", p.key, value).Packed()
	e := s.edge(roleLoop)
	e.output = &kernel.Output{Topic: e.topic}
	return &Loopback[K, V]{handle: p.declare(e), p: p, stream: s}
}

// Handle sets the handler of what was sent; a loop needs exactly one.
func (l *Loopback[K, V]) Handle(fn Handler[K, V]) {
	if l.p.sethandler(l.edge, fn == nil) {
		l.edge.handler = handler(l.p, l.stream.key, l.stream.value, fn)
	}
}

// Send sends a record to the processor itself, with the batch of the record that is being processed. The
// handler has to end the recursion. Errors are those of [Sink.Emit].
func (l *Loopback[K, V]) Send(r Scope, key K, value V, opts ...EmitOption) error {
	return emit(&l.handle, r, l.stream, key, value, opts)
}
