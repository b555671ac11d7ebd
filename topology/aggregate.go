package topology

import (
	"context"

	"github.com/eddystream/eddy/codecs"
)

// Aggregate folds the values of each key into the processor's table, starting from the zero value of A, and
// ends the flow; see [Persist]. fn may change and return its first argument. What has no key, and deletes, are skipped.
func Aggregate[K, V, A any](f Flow[K, V], row codecs.Codec[A], fn func(total A, value V) A) State[K, A] {
	state := Persist(f.processor(), row)
	f.attach("Aggregate", func(_ context.Context, s *scope, _ K, value V) error {
		if s.key == nil || s.deleted {
			reason := noKey
			if s.deleted {
				reason = isDeleted
			}
			s.task.Skipped(reason)
			return nil
		}
		total, _, err := state.Get(s)
		if err != nil {
			return err
		}
		return state.Set(s, fn(total, value))
	})
	return state
}
