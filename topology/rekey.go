package topology

import "context"

// Rekey ends a flow by sending its values, with the headers of their records, to a stream under other keys. The stream is the visible border of the
// processor: whoever wants to go on there starts another one with it. A flow that is nothing else may begin with a topic of any partitioning, and
// with [NullKeys]. A delete has no value that a key could be taken from, and is skipped.
func Rekey[K, V, NK any](f Flow[K, V], through Stream[NK, V], fn func(key K, value V) NK) {
	out := Output(f.processor(), through)
	f.attach("Rekey", func(_ context.Context, s *scope, key K, value V) error {
		if s.deleted {
			s.task.Skipped(isDeleted)
			return nil
		}
		return send(&out.h, s, through, true, fn(key, value), value)
	})
}
