package engine_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/eddystream/eddy/topology/internal/cache"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Iterations never see what a handler did that failed, nor does anything of it stay, whether its record is the first of a batch or one of many.
func TestRangeAfterFailures(t *testing.T) {
	t.Parallel()
	for _, delivery := range []engine.Delivery{engine.AtLeastOnce, engine.ExactlyOnce} {
		t.Run(delivery.String(), func(t *testing.T) {
			t.Parallel()
			seed := uint64(time.Now().UnixNano())
			const changelog, records = "test-scribbler-rows-changelog", 400
			before := map[int64]model{0: {}} // by offset; a record that is processed again does the same again
			handle := func(ctx context.Context, t kernel.Task, m *kernel.Message) error {
				s := &scribbler{rng: rand.New(rand.NewPCG(seed, uint64(m.Offset))), rows: maps.Clone(before[m.Offset])}
				if err := s.check(t.Store(0)); err != nil {
					return err
				}
				if err := s.handle(ctx, t, m); err != nil {
					return err
				}
				if m.Offset%4 == 3 {
					before[m.Offset+1] = before[m.Offset]
					return errTest
				}
				before[m.Offset+1] = s.rows
				return nil
			}
			b := setup(t)
			k := only(&kernel.Processor{
				Name: "scribbler", Group: "test-scribbler", Stores: []*kernel.Table{texts(changelog)},
				Inputs:  []*kernel.Input{{Topic: topic("in"), Handle: handle}},
				OnError: kernel.EveryPhase(kernel.Policy{Retries: 1, Backoff: time.Microsecond, Then: kernel.ActionSkip}),
			})
			b.topics(k, 1)
			for range records {
				b.produce(to("in", 0, "k", ""))
			}
			failed := 0
			r := b.start(k, func(o *engine.Options) {
				o.Delivery, o.BatchRecords, o.Memory.Rows = delivery, 25, cache.NewBudget(5_000)
				o.Observer.Failed = func(i kernel.FailedInfo) {
					if failed++; i.Err.Offset%4 != 3 {
						b.t.Errorf("seed %d: %v", seed, i.Err)
					}
				}
			}).started()
			r.settle()
			b.check(r.stop())
			if got, want := fold(b.committedRecords(changelog, 1)), before[records]; !maps.Equal(got, map[string]string(want)) {
				t.Errorf("seed %d: the changelog has %q, want %q", seed, got, want)
			}
			if failed < records/4*2 {
				t.Errorf("%d failures", failed)
			}
		})
	}
}
