//go:build kafka

package integration_test

import (
	"testing"

	"github.com/eddystream/eddy/topology"
)

// A thousand records of poison among a hundred thousand good ones.
func TestPoisonAmongMany(t *testing.T) { //nolint:paralleltest // each alone takes all that the machine has
	poisonRun{pages: 49_000, poison: 1000}.run(t)
}

func TestPoisonAmongManyExactlyOnce(t *testing.T) { //nolint:paralleltest // as above
	poisonRun{pages: 12_000, poison: 1000, delivery: topology.ExactlyOnce}.run(t)
}
