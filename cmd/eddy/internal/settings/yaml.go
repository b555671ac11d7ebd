package settings

import (
	"bytes"

	"github.com/goccy/go-yaml"
)

// parseYAML reads a document that is a map, or empty.
func parseYAML(data []byte) (map[string]any, error) {
	values := map[string]any{}
	if err := yaml.Unmarshal(data, &values); err != nil {
		return nil, err
	}
	return values, nil
}

// lineOf returns the line of a dotted key, 1 where it cannot be found.
func lineOf(data []byte, key string) int {
	path, err := yaml.PathString("$." + key)
	if err != nil {
		return 1
	}
	node, err := path.ReadNode(bytes.NewReader(data))
	if err != nil || node == nil || node.GetToken() == nil {
		return 1
	}
	return node.GetToken().Position.Line
}
