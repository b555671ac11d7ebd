package settings

import (
	"fmt"

	"github.com/eddystream/eddy/topology"
)

// deliveries reads what the processors promise: all of them, and those that are named. The error names the value.
func (s Settings) deliveries() (all topology.Delivery, named map[string]topology.Delivery, err error) {
	for _, item := range s.Delivery {
		of, err := parseNamed("delivery", item)
		if err != nil {
			return 0, nil, err
		}
		var d topology.Delivery
		switch of.value {
		case topology.AtLeastOnce.String():
			d = topology.AtLeastOnce
		case topology.ExactlyOnce.String():
			d = topology.ExactlyOnce
		default:
			return 0, nil, fmt.Errorf("delivery: %q is neither %q nor %q", item, topology.AtLeastOnce, topology.ExactlyOnce)
		}
		if of.name == "" {
			all = d
			continue
		}
		if named == nil {
			named = map[string]topology.Delivery{}
		}
		named[of.name] = d
	}
	return all, named, nil
}
