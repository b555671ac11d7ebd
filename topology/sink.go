package topology

import "github.com/eddystream/eddy/topology/internal/kernel"

// Sink is an output of a processor.
type Sink[K, V any] struct {
	h      handle
	stream Stream[K, V]
}

// OutputOption changes how a processor writes one of its outputs.
type OutputOption func(*edge)

// Last sends the records of this output after all other outputs of the same batch are acknowledged. Whoever reads one
// finds in the logs all that was emitted with it.
func Last() OutputOption {
	return func(e *edge) { e.last = true }
}

// Output lets the processor write a stream, with keys of any type. Declaring the same stream
// again, with the same options, returns a handle of the same output.
func Output[K, OK, V any](p *Processor[K], s Stream[OK, V], opts ...OutputOption) Sink[OK, V] {
	e := s.edge(roleOutput)
	apply(e, opts)
	e.output = &kernel.Output{Topic: e.topic, Last: e.last}
	return Sink[OK, V]{h: p.declare(e), stream: s}
}

// Emit sends a record, with the batch of the record that is being processed. Key and value are encoded before
// it returns. The timestamp is by default that of the record being processed. Errors wrap [ErrEncode] or
// [ErrWrongProcessor], or say why the batch cannot go on; a handler should return them.
func (s Sink[K, V]) Emit(r Scope, key K, value V, opts ...EmitOption) error {
	return emit(&s.h, r, s.stream, key, value, opts)
}

// Partition returns the partition of the stream that a key is hashed to, so that a handler can group
// what it sends by partition. It stays the same for as long as the topic's partition count does.
func (s Sink[K, V]) Partition(r Scope, key K) (int32, error) {
	sc, err := s.h.in(r)
	if err != nil {
		return 0, err
	}
	k, err := encodeKey(s.stream.topic, s.stream.key, key)
	if err != nil {
		return 0, err
	}
	return sc.task.PartitionOf(s.h.edge.output, k)
}

// EmitDelete sends a tombstone: a record with a key and no value.
func (s Sink[K, V]) EmitDelete(r Scope, key K, opts ...EmitOption) error {
	sc, err := s.h.in(r)
	if err != nil {
		return err
	}
	k, err := encodeKey(s.stream.topic, s.stream.key, key)
	if err != nil {
		return err
	}
	return sc.emit(s.h.edge.output, k, nil, opts)
}
