package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// parseYAML reads a document that is a map, or empty. Keys with dots are those of maps in maps. Errors name the place and quote nothing, for
// what stands there may be a password.
func parseYAML(path string, data []byte) (map[string]any, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	values := map[string]any{}
	if err := decoder.Decode(&values); err != nil && !errors.Is(err, io.EOF) {
		return nil, placed(path, err)
	}
	var more any
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("configuration file %q: has more than one document", path)
	}
	nested := map[string]any{}
	if key, ok := nest(nested, values); !ok {
		return nil, fmt.Errorf("%s:%d: %q is set twice", path, lineOf(data, key), key)
	}
	return nested, nil
}

// placed is an error of the parser with its place, and without the lines around it.
func placed(path string, err error) error {
	place, why := path, "is no YAML"
	if e, ok := errors.AsType[yaml.Error](err); ok {
		if token := e.GetToken(); token != nil && token.Position != nil {
			place = fmt.Sprintf("%s:%d:%d", path, token.Position.Line, token.Position.Column)
		}
		// The rest of a message may be what stands in the file.
		for _, known := range []string{"already defined", "could not find alias", "sequence was used where mapping is expected", "string was used where mapping is expected"} {
			if strings.Contains(e.GetMessage(), known) {
				why = "is no map of settings: " + known
			}
		}
	}
	return fmt.Errorf("configuration file %s: %s", place, why)
}

// nest adds values to a map, with a map for what stands before a dot in a key. It reports a key that is there already.
func nest(into, values map[string]any) (key string, ok bool) {
	for key, value := range values {
		at := into
		last := key
		for {
			first, rest, dotted := strings.Cut(last, ".")
			if !dotted {
				break
			}
			if at[first] == nil {
				at[first] = map[string]any{}
			}
			inner, isMap := at[first].(map[string]any)
			if !isMap {
				return key, false
			}
			at, last = inner, rest
		}
		inner, isMap := value.(map[string]any)
		if !isMap {
			if at[last] != nil {
				return key, false
			}
			at[last] = value
			continue
		}
		if at[last] == nil {
			at[last] = map[string]any{}
		}
		below, wasMap := at[last].(map[string]any)
		if !wasMap {
			return key, false
		}
		if twice, ok := nest(below, inner); !ok {
			return key + "." + twice, false
		}
	}
	return "", true
}

// lineOf returns the line of a dotted key, 1 where it cannot be found.
func lineOf(data []byte, key string) int {
	for _, text := range []string{"$." + key, "$.'" + key + "'"} {
		path, err := yaml.PathString(text)
		if err != nil {
			continue
		}
		node, err := path.ReadNode(bytes.NewReader(data))
		if err == nil && node != nil && node.Type() != ast.NullType && node.GetToken() != nil {
			return node.GetToken().Position.Line
		}
	}
	return 1
}
