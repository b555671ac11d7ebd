package kafka

import (
	"context"
	"testing"
	"time"
)

// startTimeout bounds the start of a test's cluster, a first download included.
const startTimeout = 3 * time.Minute

// Run starts a cluster and stops it at the end of the test. It fails the test when that is not possible: where there is no Java, it
// does not skip.
func Run(t testing.TB, opt Options) *Cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	c, err := Start(ctx, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}
