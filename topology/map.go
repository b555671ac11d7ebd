package topology

import "context"

// Map replaces each value; the key stays.
func Map[K, V, W any](f Flow[K, V], fn func(key K, value V) W) Flow[K, W] {
	out := follow[K, V, W](f)
	f.attach("Map", func(ctx context.Context, s *scope, key K, value V) error {
		if s.deleted {
			var none W
			return out.n.run(ctx, s, key, none)
		}
		return out.n.run(ctx, s, key, fn(key, value))
	})
	return out
}

// FlatMap replaces each value by any number of values, in order; the key stays.
func FlatMap[K, V, W any](f Flow[K, V], fn func(key K, value V) []W) Flow[K, W] {
	out := follow[K, V, W](f)
	f.attach("FlatMap", func(ctx context.Context, s *scope, key K, value V) error {
		if s.deleted {
			var none W
			return out.n.run(ctx, s, key, none)
		}
		for _, w := range fn(key, value) {
			if err := out.n.run(ctx, s, key, w); err != nil {
				return err
			}
		}
		return nil
	})
	return out
}
