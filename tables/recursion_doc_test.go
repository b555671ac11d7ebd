package tables

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// doc/RECURSION.md has a table of each type's fields: all of them, and no others.
func TestRecursionNamesFields(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../doc/RECURSION.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `(\\w+)` \\|")
	for _, typ := range []reflect.Type{reflect.TypeFor[TargetRow](), reflect.TypeFor[SourceEdges](), reflect.TypeFor[Visit]()} {
		_, section, found := strings.Cut(string(text), "\n### `"+typ.Name()+"`\n")
		if !found {
			t.Errorf("there is no section of %s", typ.Name())
			continue
		}
		section, _, _ = strings.Cut(section, "\n#")
		var got, want []string
		for _, match := range row.FindAllStringSubmatch(section, -1) {
			got = append(got, match[1])
		}
		for f := range typ.Fields() {
			want = append(want, f.Name)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("the fields of %s are %q, not %q", typ.Name(), want, got)
		}
	}
}
