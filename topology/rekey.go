package topology

import "context"

// Rekey ends a flow by sending its values to a stream under other keys. The stream is the visible border of the
// processor: whoever wants to go on there starts another one with it.
func Rekey[K, V, NK any](f Flow[K, V], through Stream[NK, V], fn func(key K, value V) NK) {
	out := Output(f.processor(), through)
	f.attach("Rekey", func(_ context.Context, s *scope, key K, value V) error {
		return out.Emit(s, fn(key, value), value)
	})
}
