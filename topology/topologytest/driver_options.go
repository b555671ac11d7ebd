package topologytest

// DriverOption changes how a [Driver] runs.
type DriverOption func(*driverOptions)

type driverOptions struct {
	batch      int
	max        int
	fresh      bool
	interleave bool
	seed       uint64
	crashes    float64
}

// Fresh drops decoded rows after each record, so that the next one decodes them again. A handler that changes
// what Get returned and does not Set it loses the change, as it would in production now and then.
func Fresh() DriverOption {
	return func(o *driverOptions) { o.fresh = true }
}

// Batch lets a processor take up to n waiting records before it commits. Defaults to 1; below 1 is 1.
func Batch(n int) DriverOption {
	return func(o *driverOptions) { o.batch = max(n, 1) }
}

// Interleave replaces the order across topics, about which nothing is promised in production, by a random one
// that seed repeats: which processor goes on with which of its inputs, how many records of those that Batch allows are one
// batch, and how far joins and lookups lag behind their tables. Within a topic the order stays.
func Interleave(seed uint64) DriverOption {
	return func(o *driverOptions) { o.interleave, o.seed = true, seed }
}

// Crashes lets a batch fail with the given probability after some of its outputs have been sent and before its
// state was written, so that it is processed again: what at-least-once means. It needs Interleave.
func Crashes(probability float64) DriverOption {
	return func(o *driverOptions) { o.crashes = probability }
}

// MaxBatches bounds what one Settle may do before it fails, so that an endless loop ends. Defaults to one
// million.
func MaxBatches(n int) DriverOption {
	return func(o *driverOptions) { o.max = n }
}
