package topology_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// exampleTB lets an example use the driver, which belongs to a test.
type exampleTB struct{ testing.TB }

func (exampleTB) Helper()                  {}
func (exampleTB) Context() context.Context { return context.Background() }
func (exampleTB) Fatal(args ...any)        { panic(fmt.Sprint(args...)) }
func (exampleTB) Fatalf(f string, a ...any) {
	panic(fmt.Sprintf(f, a...))
}

// drive builds a topology and returns a driver of it, which runs it in memory.
func drive(b *topology.Builder) *topologytest.Driver {
	topo, err := b.Build()
	if err != nil {
		panic(err)
	}
	return topologytest.New(exampleTB{}, topo)
}
