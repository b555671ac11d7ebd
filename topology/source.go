package topology

// Source is an input of a processor, until it is given its handler.
type Source[K, V any] struct {
	handle
	p      *Processor[K]
	stream Stream[K, V]
}

// Input makes the processor consume a stream, from its start when it runs for the first time. The stream must
// be partitioned as all other inputs, joins and the table of the processor are.
func Input[K, V any](p *Processor[K], s Stream[K, V]) *Source[K, V] {
	e := s.edge(roleInput)
	return &Source[K, V]{handle: p.declare(e), p: p, stream: s}
}

// Handle sets the handler; each source needs exactly one. A tombstone is handled as any record, with Deleted
// set.
func (s *Source[K, V]) Handle(fn Handler[K, V]) {
	if s.p.sethandler(s.edge, fn == nil) {
		s.edge.handler = handler(s.p, s.stream.key, s.stream.value, fn)
	}
}
