package processors

import "github.com/eddystream/eddy/topology"

// New builds the topology "eddy" of the six processors, and the two of the intake where it is asked for. Its streams and tables are the package variables of
// [github.com/eddystream/eddy/tables]. An option out of range is an error.
func New(o Options) (*topology.Topology, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	b := topology.NewBuilder("eddy")
	if o.Intake != nil {
		addIntake(b, o)
	}
	addPages(b, o)
	addTitles(b)
	addLinks(b, o)
	addDependents(b, o)
	addRequests(b, o)
	addCascades(b, o)
	return b.Build()
}
