package topology

import (
	"context"
	"fmt"
	"strings"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Repartition reads a stream through a topic of the topology's own, in which each record lies where its key says. It is for streams that others
// place by another hash or part of the key, spell otherwise, or keep in another number of partitions than those beside it. It adds
// a processor "<processor>-<topic>-repartition" and a stream of that name, which is internal and packed; the records of the input are those of
// that stream, with keys, values, times and headers as they were. Whoever has to choose other keys begins with a flow and [Rekey] instead.
//
// Records without a key are skipped, and counted by Observer.Skipped, unless [NullKeys] is given too.
func Repartition() InputOption { return func(o *inputOptions) { o.repartition = true } }

// repartition declares the processor that copies s, and returns the stream that it copies to.
func repartition[K, V any](p *Processor[K], s Stream[K, V], o inputOptions) Stream[K, V] {
	name := p.Name() + "-" + s.topic + "-repartition"
	for strings.Contains(name, "--") { // which no processor's name may have
		name = strings.ReplaceAll(name, "--", "-")
	}
	out := NewStream(join(p.builder.name, name), p.key, s.value).Packed()
	q := AddProcessor(p.builder, name, s.key)
	sink := Output(q, out)
	e := s.edge(roleInput)
	e.input = o
	from, to, same := s.key, p.key, sameCodec(s.key, p.key)
	e.handler = func(_ context.Context, t kernel.Task, m *kernel.Message) error {
		key := m.Key
		switch {
		case key == nil && !o.nullKeys:
			t.Skipped(noKey)
			return nil
		case key != nil:
			// Also where the spelling is the same: a key that cannot be read is refused here, by its place in the input.
			k, err := from.Decode(key)
			if err != nil {
				return fmt.Errorf("%w: key of record %s: %w", ErrDecode, m.Position(), err)
			}
			if !same {
				if key, err = encodeKey(out.topic, to, k); err != nil {
					return err
				}
			}
		}
		return t.Emit(sink.h.edge.output, key, m.Value, sendable(m.Timestamp), m.Headers)
	}
	q.declare(e)
	return out
}
