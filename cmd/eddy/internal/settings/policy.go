package settings

import (
	"fmt"
	"strings"

	"github.com/eddystream/eddy/topology"
)

// policies reads what becomes of records that fail: for all processors, and for those that are named. Of several policies that say something
// of the same the last one counts. The error names the value.
func (s Settings) policies() (all topology.Policies, named map[string]topology.Policies, err error) {
	for _, item := range s.OnError {
		whose, text, of := strings.Cut(item, "=")
		if !of {
			whose, text = "", item
		}
		policy, err := topology.ParsePolicy(text)
		if err != nil {
			return topology.Policies{}, nil, fmt.Errorf("on-error: %q: %w", item, err)
		}
		processor, phase, ofPhase := strings.Cut(whose, "/")
		if of && whose == "" {
			return topology.Policies{}, nil, fmt.Errorf("on-error: %q names no processor", item)
		}
		policies := all
		if processor != "" {
			policies = named[processor]
		}
		if ofPhase {
			p, err := topology.ParsePhase(phase)
			if err != nil {
				return topology.Policies{}, nil, fmt.Errorf("on-error: %q: %w", item, err)
			}
			policies.Set(p, policy)
		} else {
			policies = topology.EveryPhase(policy)
		}
		if processor == "" {
			all = policies
			continue
		}
		if named == nil {
			named = map[string]topology.Policies{}
		}
		named[processor] = policies
	}
	return all, named, nil
}
