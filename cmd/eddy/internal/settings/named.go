package settings

import (
	"fmt"
	"strings"
)

// named is a value that is for all processors, or with a name before it, NAME=VALUE, for one.
type named struct {
	name  string // empty: all
	value string
}

// parseNamed reads an item of a list of such values; the error names the setting and the item.
func parseNamed(key, item string) (named, error) {
	name, value, ok := strings.Cut(item, "=")
	if !ok {
		return named{value: item}, nil
	}
	if name == "" {
		return named{}, fmt.Errorf("%s: %q names no processor", key, item)
	}
	return named{name: name, value: value}, nil
}
