package topology

import "context"

// Flow is a chain of operators over the records of one or more inputs of a processor. A chain is fused: its
// operators are nested calls within the handler of the record, in the order of their declaration, without a
// channel, a goroutine or a copy in between, and all that they do takes effect with the record. A flow keeps
// its key until [Rekey], which ends it. Operators that change a type are functions, the others are methods.
//
// A flow is a value and may have several continuations. One that has none, and is not an end (To, Each,
// Aggregate, Rekey), is an error of Build.
type Flow[K, V any] struct{ n *node[K, V] }

// step is one operator, compiled. Each record passes it by a call.
type step[K, V any] func(ctx context.Context, s *scope, key K, value V) error

// node is a point of a flow: where operators are attached.
type node[K, V any] struct {
	p    *Processor[K]
	end  *end
	next []step[K, V]
}

// end is what Build needs to know of a node.
type end struct {
	origin string // topic
	used   bool   // something is attached
}

func newNode[K, V any](p *Processor[K], origin string) *node[K, V] {
	n := &node[K, V]{p: p, end: &end{origin: origin}}
	p.flows = append(p.flows, n.end)
	return n
}

func (n *node[K, V]) run(ctx context.Context, s *scope, key K, value V) error {
	for _, next := range n.next {
		if err := next(ctx, s, key, value); err != nil {
			return err
		}
	}
	return nil
}

// attach continues the flow. It panics on the zero Flow, which belongs to no processor that could report it.
func (f Flow[K, V]) attach(operator string, next step[K, V]) {
	if f.n == nil {
		panic("topology: " + operator + " of the zero Flow: a flow starts with From")
	}
	if f.n.p.builder.closed {
		f.n.p.problemf(f.n.end.origin, "%s was added to its flow after Build", operator)
		return
	}
	f.n.end.used = true
	f.n.next = append(f.n.next, next)
}

// follow starts the node that comes after f.
func follow[K, V, W any](f Flow[K, V]) Flow[K, W] {
	if f.n == nil {
		panic("topology: operator of the zero Flow: a flow starts with From")
	}
	return Flow[K, W]{n: newNode[K, W](f.n.p, f.n.end.origin)}
}

// From starts a flow with an input of the processor; see [Input]. Tombstones have no value and do not enter
// flows: where they mean something, use Input and a handler.
func From[K, V any](p *Processor[K], s Stream[K, V]) Flow[K, V] {
	f := Flow[K, V]{n: newNode[K, V](p, s.topic)}
	n := f.n
	Input(p, s).Handle(func(ctx context.Context, r *Record[K, V]) error {
		if r.Deleted {
			return nil
		}
		return n.run(ctx, r.s, r.Key, r.Value)
	})
	return f
}

// Filter keeps the values for which keep returns true.
func (f Flow[K, V]) Filter(keep func(key K, value V) bool) Flow[K, V] {
	out := follow[K, V, V](f)
	f.attach("Filter", func(ctx context.Context, s *scope, key K, value V) error {
		if !keep(key, value) {
			return nil
		}
		return out.n.run(ctx, s, key, value)
	})
	return out
}

// Each calls a handler with each value, as a record that handles of the processor can be used with, and passes
// the value on. It may be the end of a flow.
func (f Flow[K, V]) Each(fn Handler[K, V]) Flow[K, V] {
	out := follow[K, V, V](f)
	out.n.end.used = true
	f.attach("Each", func(ctx context.Context, s *scope, key K, value V) error {
		if err := fn(ctx, &Record[K, V]{Key: key, Value: value, s: s}); err != nil {
			return err
		}
		return out.n.run(ctx, s, key, value)
	})
	return out
}

// To ends a flow in an output, at the same keys; see [Output].
func (f Flow[K, V]) To(stream Stream[K, V], opts ...OutputOption) {
	out := Output(f.processor(), stream, opts...)
	f.attach("To", func(_ context.Context, s *scope, key K, value V) error {
		// s is the scope itself, so the handle's check of the processor applies.
		return out.Emit(s, key, value)
	})
}

// scope makes the scope its own Scope, for operators.
func (s *scope) scope() *scope { return s }

func (f Flow[K, V]) processor() *Processor[K] {
	if f.n == nil {
		panic("topology: operator of the zero Flow: a flow starts with From")
	}
	return f.n.p
}
