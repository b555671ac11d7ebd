package topology

import "encoding/json"

// JSON describes the topology to machines: its processors with their edges, and its topics.
func (t *Topology) JSON() ([]byte, error) {
	data, err := json.MarshalIndent(t.model, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}
