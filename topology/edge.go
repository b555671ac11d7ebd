package topology

import "github.com/eddystream/eddy/topology/internal/kernel"

// role is what an edge is to its processor.
type role string

const (
	roleInput  role = "input"
	roleOutput role = "output"
	roleJoin   role = "join"
	roleLookup role = "lookup"
	roleTable  role = "table"
	roleStore  role = "store"
	roleTimers role = "timers"
	roleLoop   role = "loop"
)

// edge is one declared edge between a processor and a topic.
type edge struct {
	role       role
	topic      kernel.Topic
	key, value any            // codecs
	hashed     hashed         // of the key's codec
	last       bool           // outputs
	input      inputOptions   // inputs
	handler    kernel.Handler // inputs, loop and timers; nil until Handle
	table      *kernel.Table  // tables
	timers     *kernel.Timers // timers; nil for others
	output     *kernel.Output // outputs and loop
}
