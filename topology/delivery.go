package topology

import "github.com/eddystream/eddy/topology/internal/kernel"

// Delivery is what a processor promises about its outputs and its state when something fails.
type Delivery = kernel.Delivery

const (
	// AtLeastOnce loses nothing, and may do some things again: after a failure, records behind the last committed offset are processed once more,
	// with the state that they left, and what they emit may come twice.
	AtLeastOnce = kernel.AtLeastOnce
	// ExactlyOnce commits what a batch emits, the changes of its state and its offsets in one Kafka transaction: all of it happens, once, or
	// nothing does. It needs readers that read committed records only, as Eddy's do. It costs a commit of a transaction at every hop.
	ExactlyOnce = kernel.ExactlyOnce
)
