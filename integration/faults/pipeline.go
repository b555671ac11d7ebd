//go:build unix

package faults

import (
	"context"
	"fmt"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// The pipelines that workers may run.
const (
	Wiki     = "wiki"     // the six processors of a wiki, by `eddy run`
	Counting = "counting" // one processor with a table and an output: see package counting
)

// The deliveries.
const (
	AtLeastOnce = "at-least-once"
	ExactlyOnce = "exactly-once"
)

// pipeline is what the workers run, and a load whose outcome is known. Its methods are called one at a time, but for what follow returns.
type pipeline interface {
	load
	topics

	topology() *topology.Topology
	// program is the command of a worker, and what comes before the flags that all have.
	program() (path string, args []string)
	// stores reads a worker's local tables.
	stores(dir string) ([]topologytest.LocalTable, error)
	close() error
}

// load is what is sent, and what has to come of it.
type load interface {
	found(ctx context.Context) error        // sends what there is before anything happens
	flood(ctx context.Context, n int) error // sends n records that keep the workers busy
	last(ctx context.Context) error         // sends, at rest, what shows what was lost
	flush(ctx context.Context) error        // waits until all that was sent is acknowledged
	// follow returns what reports each record of the flood that is processed from now on, until its context is done.
	follow(ctx context.Context) (func(ctx context.Context, processed func()) error, error)
	// judge compares what is left in the cluster with what has to be.
	judge(ctx context.Context, v *Verdict) error
}

// topics are names of topics.
type topics interface {
	inputs() []string  // that the load is sent to; the flood to the last
	streams() []string // between processors
	tables() []string
	unwritten() []string // tables that nothing is written to
	outputs() []string
}

// newPipeline opens the pipeline of a cluster.
func newPipeline(c *Cluster) (pipeline, error) {
	switch c.Pipeline {
	case Wiki:
		return newWiki(c)
	case Counting:
		return newCounting(c)
	}
	return nil, fmt.Errorf("no pipeline %q", c.Pipeline)
}
