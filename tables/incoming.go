package tables

import (
	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
)

// Streams into the intake: doc/INPUTS.md is their contract. Anybody writes them, with any key or none, any partitioner, and in any number of
// partitions, and what is in them is not Eddy's to read before the intake has.
var (
	IncomingPageChanges = topology.NewStream("incoming-page-changes", codecs.Bytes(), codecs.Bytes(), topology.CreateMissing(), topology.ForeignPartitions())
	IncomingRenders     = topology.NewStream("incoming-renders", codecs.Bytes(), codecs.Bytes(), topology.CreateMissing(), topology.ForeignPartitions())
)
