package integration_test

import (
	"testing"
	"time"

	"github.com/eddystream/eddy/integration/oracle"
	"github.com/eddystream/eddy/topology/topologytest"
)

// What wrong clocks cost is bounded by what is in doubt because of them.
func TestSkewCostsNoMoreThanItsDoubts(t *testing.T) {
	t.Parallel()
	for _, p := range plays() {
		if n := p.scenario.Noise; n.Clocks == oracle.TrueClocks || n.Sparse {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			first, last := uint64(1), max(1, *seedsFlag/10)
			if *seedsFlag >= 200 {
				last = *seedsFlag
			}
			if *seedFlag != 0 {
				first, last = *seedFlag, *seedFlag
			}
			var sum oracle.Cost
			most, share := 0, 0.0
			for seed := first; seed <= last; seed++ {
				sc := p.scenario
				sc.Start = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
				cost, err := oracle.Skew(t.Context(), sc, seed, func() oracle.System {
					m := newMemory(t, p.options, topologytest.Interleave(seed), topologytest.Batch(p.batch), topologytest.Fresh())
					m.Advance(sc.Start.Sub(m.Now()))
					return m
				})
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				extra := cost.Skewed - cost.True
				if extra > cost.Doubts {
					t.Errorf("seed %d: %d requests, with true clocks %d, and %d are in doubt", seed, cost.Skewed, cost.True, cost.Doubts)
				}
				sum.True, sum.Skewed, sum.Doubts = sum.True+cost.True, sum.Skewed+cost.Skewed, sum.Doubts+cost.Doubts
				most, share = max(most, extra), max(share, float64(extra)/float64(max(1, cost.Doubts)))
			}
			n := float64(last - first + 1)
			t.Logf("requests in the mean %.1f, with true clocks %.1f, in doubt %.1f; at most %d more, and %.0f %% of the doubts",
				float64(sum.Skewed)/n, float64(sum.True)/n, float64(sum.Doubts)/n, most, 100*share)
		})
	}
}
