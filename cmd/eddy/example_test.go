package main

import (
	"context"
	"fmt"
	"testing"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// demand counts how often each page was asked for, beside the pipeline that asks.
func demand() (*topology.Topology, topology.Table[tables.PageKey, int64], error) {
	b := topology.NewBuilder("demand")
	p := topology.AddProcessor(b, "counter", tables.PageKeys()) // one consumer group
	count := topology.Persist(p, codecs.Int64())                // its table
	topology.Input(p, tables.RerenderRequests).Handle(
		func(_ context.Context, r *topology.Record[tables.PageKey, tables.Request]) error {
			n, _, err := count.Get(r)
			if err != nil {
				return err
			}
			return count.Set(r, n+1)
		})
	topo, err := b.Build() // reports every problem at once
	return topo, count.Table(), err
}

// The README's processor.
func Example_demand() {
	topo, count, err := demand()
	if err != nil {
		fmt.Println(err)
		return
	}
	d := topologytest.New(exampleTB{}, topo)
	in := topologytest.Input(d, tables.RerenderRequests)
	paris := tables.PageKey{Wiki: "enwiki", ID: 22989}
	in.Send(paris, tables.Request{Depth: 1})
	in.Send(paris, tables.Request{Depth: 2})
	n, _ := topologytest.Value(d, count, paris)
	fmt.Print(topo)
	fmt.Println(paris, n)
	// Output:
	// topology demand
	//   processor counter
	//     table  <- demand-counter-table
	//     input  <- rerender-requests
	// enwiki:22989 2
}

// exampleTB lets an example use the driver, which belongs to a test.
type exampleTB struct{ testing.TB }

func (exampleTB) Helper()                  {}
func (exampleTB) Context() context.Context { return context.Background() }
func (exampleTB) Fatal(args ...any)        { panic(fmt.Sprint(args...)) }
func (exampleTB) Fatalf(format string, args ...any) {
	panic(fmt.Sprintf(format, args...))
}
