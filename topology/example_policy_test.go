package topology_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
)

// A processor that asks another service: what cannot be read is kept for later, and so is what the service refuses five times.
func ExampleOnError() {
	orders := topology.NewStream("orders", codecs.String[string](), codecs.JSON[int]())
	ask := func(context.Context, string) error { return errors.New("not now") }

	b := topology.NewBuilder("shop")
	p := topology.AddProcessor(b, "charge", codecs.String[string](),
		topology.OnError(topology.DeadLetter()),
		topology.OnError(topology.Retry(5, time.Second, topology.DeadLetter()), topology.PhaseProcess))
	topology.Input(p, orders).Handle(func(ctx context.Context, r *topology.Record[string, int]) error {
		return ask(ctx, r.Key)
	})
	_, err := b.Build()
	fmt.Println(err)
	// Output: <nil>
}
