package topology

import (
	"time"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Source is an input of a processor, until it is given its handler.
type Source[K, V any] struct {
	handle
	p      *Processor[K]
	stream Stream[K, V]
}

// InputOption says how a processor reads one of its inputs.
type InputOption func(*inputOptions)

type inputOptions struct {
	start       kernel.Start
	lost        kernel.LostOffset
	repartition bool
	nullKeys    bool
	deletes     bool
}

// Start is a place in a stream.
type Start struct{ at kernel.Start }

var (
	// Oldest is the oldest record that a partition has.
	Oldest = Start{}
	// Newest is behind the last record.
	Newest = Start{at: kernel.Start{Newest: true}}
)

// Since is the first record whose time is t or later.
func Since(t time.Time) Start { return Start{at: kernel.Start{Since: t}} }

// StartAt is where a processor begins to read the input when its group has committed nothing of it. Defaults to [Oldest]. Partitions that
// are new to an input that was read before are read from their oldest record in any case.
func StartAt(at Start) InputOption {
	return func(o *inputOptions) { o.start = at.at }
}

// A LostOffset is what is done where the log does not have the committed offset of an input: it was deleted by age or size before it
// was read, or the topic was cut or made anew.
type LostOffset = kernel.LostOffset

const (
	// LostFails stops the processor, and no other, with an error that wraps [ErrOffsetLost].
	LostFails = kernel.LostFails
	// LostOldest goes on with the oldest record that there is.
	LostOldest = kernel.LostOldest
	// LostNewest goes on with what comes from now on.
	LostNewest = kernel.LostNewest
)

// OnLostOffset is what is done where the log does not have the offset that comes next. Defaults to [LostFails]; by the others records may be
// passed over, which is logged.
func OnLostOffset(do LostOffset) InputOption {
	return func(o *inputOptions) { o.lost = do }
}

// Input makes the processor consume a stream. The stream must be partitioned as all other inputs, joins and the table of the processor are;
// [Repartition] makes it so.
func Input[K, V any](p *Processor[K], s Stream[K, V], opts ...InputOption) *Source[K, V] {
	o := inputsOptions(opts)
	if o.repartition {
		s = repartition(p, s, o)
		o = inputOptions{nullKeys: o.nullKeys, deletes: o.deletes}
	}
	e := s.edge(roleInput)
	e.input = o
	return &Source[K, V]{handle: p.declare(e), p: p, stream: s}
}

func inputsOptions(opts []InputOption) (o inputOptions) {
	apply(&o, opts)
	return o
}

// Handle sets the handler; each source needs exactly one. A tombstone is handled as any record, with Deleted
// set, and so is a record without a key, see [Record.HasKey].
func (s *Source[K, V]) Handle(fn Handler[K, V]) {
	if s.p.sethandler(s.edge, fn == nil) {
		s.edge.handler = handler(s.p, s.stream.key, s.stream.value, fn)
	}
}
