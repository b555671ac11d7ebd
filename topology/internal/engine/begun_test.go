package engine_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

func oneInput(handle kernel.Handler) *kernel.Topology {
	return &kernel.Topology{Name: "begun", Processors: []*kernel.Processor{
		{Name: "p", Group: "begun-p", Inputs: []*kernel.Input{{Topic: kernel.Topic{Name: "in"}, Handle: handle}}},
	}}
}

// awaitHealth waits until all is well.
func (r *run) awaitHealth() {
	r.b.t.Helper()
	for r.Health() != nil {
		r.b.check(r.b.ctx.Err())
		runtime.Gosched()
	}
}

// Who has recovered is not at work before the first batch of what waited is committed; a partition of which nothing waits is not waited for.
func TestNotWellBeforeTheFirstBatch(t *testing.T) {
	t.Parallel()
	for _, delivery := range []engine.Delivery{engine.AtLeastOnce, engine.ExactlyOnce} {
		t.Run(delivery.String(), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			entered, release := make(chan struct{}, 1), make(chan struct{})
			k := oneInput(func(context.Context, kernel.Task, *kernel.Message) error {
				entered <- struct{}{}
				<-release
				return nil
			})
			b.topics(k, 2)
			b.produce(to("in", 1, "a", "x"))
			r := b.start(k, func(o *engine.Options) { o.Delivery = delivery }).started()
			<-entered
			if err := r.Health(); err == nil || !strings.Contains(err.Error(), `topic "in", partition 1`) {
				t.Errorf("before the first batch it says %v", err)
			}
			close(release)
			r.awaitHealth()
			b.check(r.stop())
			b.check(b.start(k, func(o *engine.Options) { o.Delivery = delivery }).started().healthy())
		})
	}
}

// healthy waits until all is well, and stops.
func (r *run) healthy() error {
	r.b.t.Helper()
	r.awaitHealth()
	return r.stop()
}

// A processor that stops at its first record is never well, however often it is started.
func TestNeverWellBeforePoison(t *testing.T) {
	t.Parallel()
	b := setup(t)
	wrong := errors.New("wrong")
	k := oneInput(func(context.Context, kernel.Task, *kernel.Message) error { return wrong })
	b.topics(k, 2)
	b.produce(to("in", 0, "a", "x"))
	for range 3 {
		r := b.start(k)
		for ended := false; !ended; {
			if r.Health() == nil {
				t.Fatal("it says that all is well, and stops")
			}
			select {
			case <-r.done:
				ended = true
			default:
				runtime.Gosched()
			}
		}
		if !errors.Is(r.wait(), wrong) {
			t.Errorf("ended with %v", r.err)
		}
		r.crash()
	}
}

// What waits may be no records: markers of transactions, and what was aborted.
func TestWellBeforeMarkers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	k := oneInput(func(context.Context, kernel.Task, *kernel.Message) error { return nil })
	b.topics(k, 1)
	c, err := kgo.NewClient(append(cluster.Franz(b.settings()), kgo.TransactionalID("markers"))...)
	b.check(err)
	defer c.Close()
	for _, end := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort} {
		b.check(c.BeginTransaction())
		b.check(c.ProduceSync(b.ctx, to("in", 0, "a", "x")).FirstErr())
		b.check(c.EndTransaction(b.ctx, end))
	}
	for range 2 { // the second time nothing is left but markers, and what was aborted
		b.check(b.start(k).started().healthy())
	}
	if at := b.committed("begun-p", "in", 0); at < 1 {
		t.Errorf("committed to %d", at)
	}
}
