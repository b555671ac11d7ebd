package topology_test

import (
	"context"
	"fmt"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// Confluent's SumLambdaExample for Kafka Streams: the running sum of odd numbers, whose every change is sent on, as KTable.toStream does. A
// flow passes into a handler, which has the processor's table and outputs at hand.
func Example_runningSum() {
	text, number := codecs.String[string](), codecs.Int64()
	numbers := topology.NewStream("numbers", text, number)
	sums := topology.NewStream("sums", text, number)

	b := topology.NewBuilder("sum")
	p := topology.AddProcessor(b, "sum", text)
	total, out := topology.Persist(p, number), topology.Output(p, sums)
	odd := topology.From(p, numbers).Filter(func(_ string, n int64) bool { return n%2 != 0 })
	odd.Each(func(_ context.Context, r *topology.Record[string, int64]) error {
		sum, _, err := total.Get(r)
		if err != nil {
			return err
		}
		sum += r.Value
		if err := total.Set(r, sum); err != nil {
			return err
		}
		return out.Emit(r, r.Key, sum)
	})

	d := drive(b)
	in := topologytest.Input(d, numbers)
	for n := range int64(8) {
		in.Send("odd", n)
	}
	for _, sum := range topologytest.Output(d, sums).All() {
		fmt.Println(sum.Value)
	}
	// Output:
	// 1
	// 4
	// 9
	// 16
}
