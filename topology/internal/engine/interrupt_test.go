package engine_test

import (
	"context"
	"testing"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// A stop ends the session a little before the contexts of handlers. One whose output is refused in between was
// interrupted like all others: its record has not failed.
func TestInterruptedOutput(t *testing.T) {
	t.Parallel()
	const partitions = 8
	for range 5 {
		b := setup(t)
		p, out := counter()
		entered := make(chan struct{}, partitions)
		p.Inputs[0].Handle = func(_ context.Context, t kernel.Task, m *kernel.Message) error {
			entered <- struct{}{}
			for {
				if err := t.Emit(out, m.Key, nil, m.Timestamp, nil); err != nil {
					return err
				}
			}
		}
		b.topics(only(p), partitions)
		r := b.start(only(p)).started()
		for n := range int32(partitions) {
			b.produce(to("in", n, "a", ""))
		}
		for range partitions {
			await(t, entered)
		}
		if err := r.stop(); err != nil {
			t.Fatalf("the run ended with %v", err)
		}
		if at := b.committed("test-counter", "in", 0); at > 0 {
			t.Errorf("committed %d", at)
		}
	}
}
