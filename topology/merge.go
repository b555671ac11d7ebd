package topology

import "context"

// Merge makes one flow of two or more of the same processor. Values pass as they come: between inputs there is
// no order.
func Merge[K, V any](first, second Flow[K, V], more ...Flow[K, V]) Flow[K, V] {
	out := follow[K, V, V](first)
	for _, f := range append([]Flow[K, V]{first, second}, more...) {
		if p := f.processor(); p.processor != out.n.p.processor {
			out.n.p.problemf(f.n.end.origin, "is merged from a flow of processor %q: only flows of one processor merge", p.Name())
			continue
		}
		f.attach("Merge", func(ctx context.Context, s *scope, key K, value V) error {
			return out.n.run(ctx, s, key, value)
		})
	}
	return out
}
