package topology_test

import (
	"context"
	"fmt"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// Goka's detector, of 3-messaging, with a loop of more than one hop: what somebody spends counts for everybody above, however high the chart
// is. In Kafka Streams a program would send to one of its own input topics.
func Example_rollUp() {
	text, money := codecs.String[string](), codecs.Int64()
	expenses := topology.NewStream("expenses", text, money) // by employee
	managers := topology.NewTable("managers", text, text)   // employee, manager

	b := topology.NewBuilder("company")
	p := topology.AddProcessor(b, "spending", text)
	total := topology.Persist(p, money)
	manager := topology.Join(p, managers)
	up := topology.Loop(p, money)
	spend := func(_ context.Context, r *topology.Record[string, int64]) error {
		sum, _, err := total.Get(r)
		if err != nil {
			return err
		}
		if err := total.Set(r, sum+r.Value); err != nil {
			return err
		}
		boss, ok, err := manager.Get(r)
		if err != nil || !ok {
			return err // the top: here the recursion ends
		}
		return up.Send(r, boss, r.Value) // to wherever the boss's partition is
	}
	topology.Input(p, expenses).Handle(spend)
	up.Handle(spend)

	d := drive(b)
	chart := topologytest.Seed(d, managers)
	chart.Send("dan", "cyd")
	chart.Send("cyd", "ada")
	chart.Send("bob", "ada")
	in := topologytest.Input(d, expenses)
	in.Send("dan", 100)
	in.Send("bob", 30)
	in.Send("cyd", 5)
	for _, row := range topologytest.Rows(d, total.Table()) {
		fmt.Println(row.Key, row.Value)
	}
	// Output:
	// ada 135
	// bob 30
	// cyd 105
	// dan 100
}
