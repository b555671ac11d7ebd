package topologytest

import (
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/internal/engine"
)

// DriverOption changes how a [Driver] runs.
type DriverOption func(*driverOptions)

type driverOptions struct {
	local      engine.LocalOptions
	partitions int32
	interleave bool
	seed       uint64
}

// Partitions is how many partitions every topic has. Defaults to 4; below 1 is 1.
func Partitions(n int) DriverOption {
	return func(o *driverOptions) { o.partitions = int32(max(n, 1)) }
}

// Delivery is what the processors promise. Defaults to [topology.AtLeastOnce].
func Delivery(d topology.Delivery) DriverOption {
	return func(o *driverOptions) { o.local.Delivery = d }
}

// Fresh drops decoded rows after each record, so that the next one decodes them again. A handler that changes
// what Get returned and does not Set it loses the change, as it would in production now and then.
func Fresh() DriverOption {
	return func(o *driverOptions) { o.local.Fresh = true }
}

// Batch lets a processor take up to n waiting records before it commits. Defaults to 1; below 1 is 1.
func Batch(n int) DriverOption {
	return func(o *driverOptions) { o.local.Batch = max(n, 1) }
}

// Interleave replaces the order across partitions and topics, about which nothing is promised in production, by a random one that seed
// repeats: which partition of which processor goes on with which of its inputs, how many records of those that Batch allows are one batch,
// what comes between the steps of its commit, and how far joins and lookups lag behind their tables. Within a partition of a topic the order stays.
func Interleave(seed uint64) DriverOption {
	return func(o *driverOptions) { o.interleave, o.seed = true, seed }
}

// Crashes lets a processor crash in a commit with the given probability, at any step of it: when some of the outputs have been sent, or all
// of them, when the rows are in the changelog, or in the local store, or when the offsets are committed. It then starts again from
// what is in the logs, with its local store or an empty one. It needs Interleave.
func Crashes(probability float64) DriverOption {
	return func(o *driverOptions) { o.local.Crashes = probability }
}

// MaxBatches bounds what one Settle may do before it fails, so that an endless loop ends. Defaults to one
// million.
func MaxBatches(n int) DriverOption {
	return func(o *driverOptions) { o.local.Batches = n }
}
