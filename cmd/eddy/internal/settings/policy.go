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
		of, err := parseNamed("on-error", item)
		if err != nil {
			return topology.Policies{}, nil, err
		}
		policy, err := topology.ParsePolicy(of.value)
		if err != nil {
			return topology.Policies{}, nil, fmt.Errorf("on-error: %q: %w", item, err)
		}
		processor, phase, ofPhase := strings.Cut(of.name, "/")
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
