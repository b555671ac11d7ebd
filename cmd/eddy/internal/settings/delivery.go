package settings

import (
	"fmt"
	"strings"

	"github.com/eddystream/eddy/topology"
)

// deliveries reads what the processors promise: all of them, and those that are named. The error names the value.
func (s Settings) deliveries() (all topology.Delivery, named map[string]topology.Delivery, err error) {
	for _, item := range s.Delivery {
		processor, text, of := strings.Cut(item, "=")
		if !of {
			processor, text = "", item
		}
		var d topology.Delivery
		switch text {
		case topology.AtLeastOnce.String():
			d = topology.AtLeastOnce
		case topology.ExactlyOnce.String():
			d = topology.ExactlyOnce
		default:
			return 0, nil, fmt.Errorf("delivery: %q is neither %q nor %q", item, topology.AtLeastOnce, topology.ExactlyOnce)
		}
		switch {
		case !of:
			all = d
		case processor == "":
			return 0, nil, fmt.Errorf("delivery: %q names no processor", item)
		default:
			if named == nil {
				named = map[string]topology.Delivery{}
			}
			named[processor] = d
		}
	}
	return all, named, nil
}
