package engine_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// A member that has to leave its partitions refuses what handlers still ask of it, a little before their contexts are done. A handler that
// returns that is interrupted and has not failed: its record is processed when the partition is assigned again.
func TestInterruptedOutput(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	entered := make(chan struct{}, 1)
	var spin atomic.Bool
	counting := p.Inputs[0].Handle
	p.Inputs[0].Handle = func(ctx context.Context, task kernel.Task, m *kernel.Message) error {
		if spin.CompareAndSwap(true, false) {
			entered <- struct{}{}
			for {
				if _, _, err := task.Own().Get(m.Key); err != nil {
					return err
				}
			}
		}
		return counting(ctx, task, m)
	}
	b.topics(only(p), 1)
	r := b.start(only(p)).started()
	const rounds = 20
	for range rounds {
		spin.Store(true)
		b.produce(to("in", 0, "a", ""))
		await(t, entered)
		r.ExpireLeases()
		r.settle()
	}
	if got := fold(b.read("test-counter-table"))["a"]; got != strconv.Itoa(rounds) {
		t.Errorf("counted %s times of %d", got, rounds)
	}
	b.check(r.stop())
}
