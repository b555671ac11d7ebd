package tables

import (
	"encoding/json"
	"testing"

	"github.com/eddystream/eddy/tables/schemas"
)

// TestPlainValuesDoNotLookLikeHeaders says of each type why no value of v0 begins with C3 01 and eight bytes more, which
// would be read as a header. C3 01 is the number -98: no length, count, branch or truth value that is ever written. So
// only types that begin with a number of their own are left, and those are below, with what keeps them from it.
func TestPlainValuesDoNotLookLikeHeaders(t *testing.T) {
	t.Parallel()
	numbers := map[string]string{
		"Claim.page_id":       "ids of pages are positive",
		"TitleChange.page_id": "ids of pages are positive",
		"LinkChange.type":     "types of links are positive",
		"Used.start":          "it is all of the value, which then has two bytes",
		// Such an event would be taken. What v0 made of it is refused as of an unknown schema, and not misread.
		"PageRow.name.namespace_id": "MediaWiki has no namespace below -2",
	}
	for _, s := range samples() {
		var schema any
		if err := json.Unmarshal([]byte(schemas.Releases.MustFormat("eddy."+s.schema).Schema().String()), &schema); err != nil {
			t.Fatal(err)
		}
		path, kind := first(schema, s.schema)
		switch kind {
		case "int", "long":
			if numbers[path] == "" {
				t.Errorf("%s is a number: why is it never -98?", path)
			}
		case "string", "bytes", "boolean", "array", "union":
		default:
			t.Errorf("%s begins with %q", path, kind)
		}
	}
}

// first is the path and the kind of what is written first of a type.
func first(schema any, path string) (string, string) {
	switch schema := schema.(type) {
	case string:
		return path, schema
	case []any:
		return path, "union"
	}
	record := schema.(map[string]any)
	fields, ok := record["fields"].([]any)
	if !ok {
		return path, record["type"].(string)
	}
	field := fields[0].(map[string]any)
	return first(field["type"], path+"."+field["name"].(string))
}
