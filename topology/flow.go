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

// From starts a flow with an input of the processor; see [Input].
//
// Records without a key are skipped, and counted by Observer.Skipped, unless the input is declared with [NullKeys]. Tombstones have no value
// and do not enter flows, unless it is declared with [Deletes].
func From[K, V any](p *Processor[K], s Stream[K, V], opts ...InputOption) Flow[K, V] {
	f := Flow[K, V]{n: newNode[K, V](p, s.topic)}
	n, o := f.n, inputsOptions(opts)
	Input(p, s, opts...).Handle(func(ctx context.Context, r *Record[K, V]) error {
		if !r.HasKey() && !o.nullKeys {
			r.s.task.Skipped(noKey)
			return nil
		}
		if r.Deleted && !o.deletes {
			return nil
		}
		r.s.deletes, r.s.deleted = o.deletes, r.Deleted
		return n.run(ctx, r.s, r.Key, r.Value)
	})
	return f
}

// NullKeys lets records without a key into the flow. Operators get the zero key; Aggregate and JoinTable skip such a record, LeftJoinTable
// finds no row for it, To sends it without a key, and Rekey gives it one.
func NullKeys() InputOption { return func(o *inputOptions) { o.nullKeys = true } }

// Deletes lets tombstones into the flow, so that it can copy a table's topic: they pass Filter, Map, FlatMap and the joins as they are, Each
// gets a record with Deleted set, and To sends a tombstone. A value that Filter does not keep goes on as a delete too, so that no
// copy keeps a row that should not be in it. Aggregate and Rekey skip deletes, and count them.
func Deletes() InputOption { return func(o *inputOptions) { o.deletes = true } }

// Why operators skip records.
const (
	noKey     = "it has no key"
	isDeleted = "it is a delete"
)

// Filter keeps the values for which keep returns true.
func (f Flow[K, V]) Filter(keep func(key K, value V) bool) Flow[K, V] {
	out := follow[K, V, V](f)
	f.attach("Filter", func(ctx context.Context, s *scope, key K, value V) error {
		switch {
		case s.deleted || keep(key, value):
			return out.n.run(ctx, s, key, value)
		case s.deletes:
			var none V
			s.deleted = true // for what follows here, and not for another branch
			err := out.n.run(ctx, s, key, none)
			s.deleted = false
			return err
		}
		return nil
	})
	return out
}

// Each calls a handler with each value, as a record that handles of the processor can be used with, and passes
// the value on. It may be the end of a flow.
func (f Flow[K, V]) Each(fn Handler[K, V]) Flow[K, V] {
	out := follow[K, V, V](f)
	out.n.end.used = true
	f.attach("Each", func(ctx context.Context, s *scope, key K, value V) error {
		if err := fn(ctx, &Record[K, V]{Key: key, Value: value, Deleted: s.deleted, s: s}); err != nil {
			return err
		}
		return out.n.run(ctx, s, key, value)
	})
	return out
}

// To ends a flow in an output, at the same keys and with the headers of the record; see [Output].
func (f Flow[K, V]) To(stream Stream[K, V], opts ...OutputOption) {
	out := Output(f.processor(), stream, opts...)
	f.attach("To", func(_ context.Context, s *scope, key K, value V) error {
		return send(&out.h, s, stream, s.key != nil, key, value)
	})
}

// send sends what a flow ends with. Without a key it is sent without one.
func send[K, V any](h *handle, s *scope, to Stream[K, V], keyed bool, key K, value V) (err error) {
	if _, err := h.in(s); err != nil { // the handle's check of the processor applies to flows as well
		return err
	}
	var k, v []byte
	if keyed {
		if k, err = encodeKey(to.topic, to.key, key); err != nil {
			return err
		}
	}
	if !s.deleted {
		if v, err = encodeValue(to.topic, to.value, k, value); err != nil {
			return err
		}
	}
	return s.task.Emit(h.edge.output, k, v, sendable(s.msg.Timestamp), s.msg.Headers)
}

// scope makes the scope its own Scope, for operators.
func (s *scope) scope() *scope { return s }

func (f Flow[K, V]) processor() *Processor[K] {
	if f.n == nil {
		panic("topology: operator of the zero Flow: a flow starts with From")
	}
	return f.n.p
}
