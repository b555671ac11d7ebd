//go:build kafka && unix

package faults_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eddystream/eddy/integration/faults"
)

// One of three workers is restarted, by the book or by force, from the data that it has kept: it gets the partitions that it had, and
// the two others neither get nor give up any.
func TestRestartMovesNothing(t *testing.T) { //nolint:paralleltest // as with TestFaults
	for _, tt := range []struct {
		name string
		end  func(*faults.Worker, context.Context) error
	}{{"stopped", (*faults.Worker).Stop}, {"killed", (*faults.Worker).Kill}} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			cfg := config(t)
			cfg.Workers = 3
			c, err := faults.NewCluster(ctx, cfg)
			must(t, err)
			t.Cleanup(func() { must(t, c.Close()) })
			must(t, c.Start(ctx, c.Workers...))
			must(t, c.Whole(ctx, c.Workers...))
			must(t, c.Found(ctx))
			must(t, c.Settle(ctx))

			for i, w := range c.Workers {
				others := slices.Delete(slices.Clone(c.Workers), i, i+1)
				had, before := assigned(w), changes(others)
				must(t, tt.end(w, ctx))
				must(t, w.Start(ctx))
				must(t, c.Whole(ctx, c.Workers...))
				must(t, c.Flood(ctx, 2000))
				must(t, c.Settle(ctx))
				if diff := cmp.Diff(had, assigned(w)); diff != "" {
					t.Errorf("%s has other partitions than before (-):\n%s", w.Name, diff)
				}
				if diff := cmp.Diff(before, changes(others)); diff != "" {
					t.Errorf("the restart of %s moved partitions of others:\n%s", w.Name, diff)
				}
			}
		})
	}
}

// assigned returns a worker's partitions, in order.
func assigned(w *faults.Worker) map[string][]int32 {
	all := maps.Clone(w.Assigned())
	for p, partitions := range all {
		all[p] = slices.Sorted(slices.Values(partitions))
	}
	return all
}

func changes(workers []*faults.Worker) map[string][]string {
	all := map[string][]string{}
	for _, w := range workers {
		all[w.Name] = w.Changes()
	}
	return all
}
