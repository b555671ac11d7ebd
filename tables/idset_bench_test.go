package tables

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkIDSet is what a row of the reverse index pays for a set of users, far apart and side by side.
func BenchmarkIDSet(b *testing.B) {
	for name, span := range map[string]int{"sparse": 1 << 20, "dense": 4000} {
		r := rand.New(rand.NewPCG(1, 2))
		var e Edges
		for range 2000 {
			e.Apply(ChunkEdge{Page: int64(1 + r.IntN(span)), Type: LinkPage, Present: true})
		}
		set := e.Users(LinkPage)
		data := AppendIDSet(nil, set)
		b.Run(name+"/decode", func(b *testing.B) {
			for b.Loop() {
				_, _ = DecodeIDSet(data)
			}
		})
		b.Run(name+"/encode", func(b *testing.B) {
			for b.Loop() {
				data = AppendIDSet(data[:0], set)
			}
		})
		b.Run(name+"/apply", func(b *testing.B) {
			for b.Loop() {
				id := int64(1 + r.IntN(span))
				e.Apply(ChunkEdge{Page: id, Type: LinkPage, Present: true})
				e.Apply(ChunkEdge{Page: id, Type: LinkPage})
			}
		})
	}
}
