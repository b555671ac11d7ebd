package events_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/tables/schemas"
)

// node is a part of a JSON schema.
type node struct {
	ID         string           `json:"$id"`
	Required   []string         `json:"required"`
	Properties map[string]*node `json:"properties"`
	Enum       []string         `json:"enum"`
	Type       string           `json:"type"`
}

// The JSON schema of renders says what is read: what it requires is missed, and what it does not require is not; what it knows has to be of its
// type; and it knows all that is written.
func TestRenderJSONSchema(t *testing.T) {
	t.Parallel()
	var schema node
	if err := json.Unmarshal([]byte(schemas.RenderJSON), &schema); err != nil {
		t.Fatal(err)
	}
	if schema.ID != events.RenderSchema || schemas.RenderJSONName != events.RenderSchema {
		t.Errorf("it is called %s", schema.ID)
	}
	r := incomingRender
	r.Meta.Domain, r.TransclusionSHA1, r.Cause = "example.org", "t", &events.Cause{CascadeID: "c", Root: "r"}
	text, err := events.RenderJSON().Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	var walk func(path []string, n *node, value map[string]any)
	walk = func(path []string, n *node, value map[string]any) {
		for _, name := range slices.Sorted(maps.Keys(value)) {
			at := append(slices.Clip(path), name)
			known := n.Properties[name]
			if known == nil && name != "stream" { // which Wikimedia's events have
				t.Errorf("%v is written and not known", at)
			}
			if known == nil || len(path) > 0 && path[0] == "links" {
				continue
			}
			compared++
			without, other := edited(t, text, at, nil), edited(t, text, at, []any{true})
			_, err := events.RenderJSON().Decode(without)
			if required := slices.Contains(n.Required, name); (err != nil) != required {
				t.Errorf("%v is required: %t; without it: %v", at, required, err)
			}
			if _, err := events.RenderJSON().Decode(other); err == nil && name != "links" {
				t.Errorf("%v may be of another type", at)
			}
			if inner, ok := value[name].(map[string]any); ok {
				walk(at, known, inner)
			}
		}
	}
	var value map[string]any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	walk(nil, &schema, value)
	if compared < 20 {
		t.Errorf("only %d fields", compared)
	}
	for _, closure := range append(schema.Properties["closure"].Enum, "none") {
		_, err := events.RenderJSON().Decode(edited(t, text, []string{"closure"}, closure))
		if (err == nil) != (closure != "none") {
			t.Errorf("closure %s: %v", closure, err)
		}
	}
}

// edited returns JSON with another value at a path, or without one.
func edited(t *testing.T, text []byte, path []string, to any) []byte {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	at := root
	for _, name := range path[:len(path)-1] {
		at = at[name].(map[string]any)
	}
	if name := path[len(path)-1]; to == nil {
		delete(at, name)
	} else {
		at[name] = to
	}
	data, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
