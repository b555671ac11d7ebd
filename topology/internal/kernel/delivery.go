package kernel

import "fmt"

// Delivery is what a processor promises about its outputs and its state when something fails.
type Delivery int

const (
	// AtLeastOnce may repeat outputs after a failure, and processes records again with the state that they left. It loses nothing.
	AtLeastOnce Delivery = iota
	// ExactlyOnce commits outputs, changes of state and offsets in one transaction. Readers of committed records see each output once.
	ExactlyOnce
)

// String is "at-least-once" or "exactly-once".
func (d Delivery) String() string {
	switch d {
	case AtLeastOnce:
		return "at-least-once"
	case ExactlyOnce:
		return "exactly-once"
	}
	return fmt.Sprintf("Delivery(%d)", int(d))
}
