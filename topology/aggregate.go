package topology

import (
	"context"

	"github.com/eddystream/eddy/codecs"
)

// Aggregate folds the values of each key into the processor's table, starting from the zero value of A, and
// ends the flow; see [Persist]. fn may change and return its first argument.
func Aggregate[K, V, A any](f Flow[K, V], row codecs.Codec[A], fn func(total A, value V) A) State[K, A] {
	state := Persist(f.processor(), row)
	f.attach("Aggregate", func(_ context.Context, s *scope, _ K, value V) error {
		total, _, err := state.Get(s)
		if err != nil {
			return err
		}
		return state.Set(s, fn(total, value))
	})
	return state
}
