package topology

import "context"

// JoinTable joins each value with the row of its key; see [Join]. A value whose key has no row is dropped.
func JoinTable[K, V, T, W any](f Flow[K, V], t Table[K, T], fn func(value V, row T) W) Flow[K, W] {
	joined := Join(f.processor(), t)
	out := follow[K, V, W](f)
	f.attach("JoinTable", func(ctx context.Context, s *scope, key K, value V) error {
		var none W
		if s.deleted {
			return out.n.run(ctx, s, key, none)
		}
		if s.key == nil {
			s.task.Skipped(noKey)
			return nil
		}
		row, ok, err := joined.Get(s)
		if err != nil || !ok {
			return err
		}
		return out.n.run(ctx, s, key, fn(value, row))
	})
	return out
}

// LeftJoinTable joins each value with the row of its key, or with the zero value and false.
func LeftJoinTable[K, V, T, W any](f Flow[K, V], t Table[K, T], fn func(value V, row T, ok bool) W) Flow[K, W] {
	joined := Join(f.processor(), t)
	out := follow[K, V, W](f)
	f.attach("LeftJoinTable", func(ctx context.Context, s *scope, key K, value V) error {
		var none W
		if s.deleted {
			return out.n.run(ctx, s, key, none)
		}
		row, ok, err := joined.Get(s)
		if err != nil {
			return err
		}
		return out.n.run(ctx, s, key, fn(value, row, ok))
	})
	return out
}
