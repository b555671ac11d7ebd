package topology_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// A process that does a part of the work is at rest when the others are, too.
func TestSettleWaitsForOtherProcesses(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	entered, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	b := topology.NewBuilder("apart")
	in, between := stream("in"), stream("between")
	p := topology.AddProcessor(b, "first", text)
	topology.From(p, in).To(between)
	q := topology.AddProcessor(b, "second", text)
	sums := topology.Persist(q, count)
	topology.Input(q, between).Handle(func(ctx context.Context, r *topology.Record[string, int64]) error {
		once.Do(func() { close(entered) })
		select {
		case <-release:
		case <-ctx.Done():
			return ctx.Err()
		}
		sum, _, err := sums.Get(r)
		if err != nil {
			return err
		}
		return sums.Set(r, sum+r.Value)
	})
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	brokers := topologytest.StartBroker(t)
	first := topologytest.RunApp(t, topo, topology.Config{Brokers: brokers, Processors: []string{"first"}})
	topologytest.RunApp(t, topo, topology.Config{Brokers: brokers, Processors: []string{"second"}})
	for range 100 {
		if err := topology.Produce(ctx, first.Producer(), in, "a", 1); err != nil {
			t.Fatal(err)
		}
	}
	settled := make(chan error, 1)
	go func() { settled <- first.Settle(ctx) }()
	<-entered
	select {
	case err := <-settled:
		t.Fatalf("at rest with a hundred records before the other process: %v", err)
	default:
	}
	close(release)
	if err := <-settled; err != nil {
		t.Fatal(err)
	}
	rest, err := topology.AtRest(ctx, topo, topology.Config{Brokers: brokers})
	if err != nil || !rest {
		t.Errorf("settled, and at rest: %t, %v", rest, err)
	}
}
