package simwiki

import (
	"math"
	"math/rand/v2"
	"sort"
)

// zipf draws ranks 0..n-1, rank k with a weight of 1/(k+1)^1.1.
type zipf struct{ sums []float64 }

func newZipf(n int) zipf {
	z := zipf{make([]float64, n)}
	sum := 0.0
	for k := range n {
		sum += math.Pow(float64(k+1), -1.1)
		z.sums[k] = sum
	}
	return z
}

func (z zipf) draw(r *rand.Rand) int {
	x := r.Float64() * z.sums[len(z.sums)-1]
	return min(sort.SearchFloat64s(z.sums, x), len(z.sums)-1)
}

// distinct draws n different ranks, all there are if n is greater, in the order drawn.
func (z zipf) distinct(r *rand.Rand, n int) []int {
	n = min(n, len(z.sums))
	ranks := make([]int, 0, n)
draw:
	for tries := 0; len(ranks) < n; tries++ {
		k := z.draw(r)
		if tries > 50*n {
			k = r.IntN(len(z.sums)) // the weights left are too small to wait for
		}
		for _, have := range ranks {
			if have == k {
				continue draw
			}
		}
		ranks = append(ranks, k)
	}
	return ranks
}
