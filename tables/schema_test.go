package tables

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables/schemas"
)

var update = flag.Bool("update", false, "write the schemas and the golden rows of the newest release that are missing")

// schemaNames gives a schema to those types whose Go name is another.
var schemaNames = map[reflect.Type]string{
	reflect.TypeFor[dependentsRecord](): "DependentsRow",
	reflect.TypeFor[targetRecord]():     "TargetRow",
	reflect.TypeFor[sourceRecord]():     "SourceEdges",
	reflect.TypeFor[edgesRecord]():      "Edges",
	reflect.TypeFor[setRecord]():        "EdgeSet",
	reflect.TypeFor[Visit]():            "Wave",
	reflect.TypeFor[visitRecord]():      "Visit",
}

// TestSchemas holds each schema file of a row or message against its Go type, field by field.
func TestSchemas(t *testing.T) {
	t.Parallel()
	w := schemaWriter{types: map[string]reflect.Type{}}
	for _, root := range []any{
		PageRow{},
		TitleRow{},
		LinksRow{},
		LinksPart{},
		dependentsRecord{},
		RequestRow{},
		CascadeRow{},
		CascadePart{},
		RequestPart{},
		Life{},
		Claim{},
		TitleChange{},
		Used{},
		TargetUpdate{},
		DependentsStep{},
		Ask{},
		Progress{},
		RequestClosing{},
		Request{},
		CascadeEvent{},
		LinkChange{},
	} {
		w.schema(reflect.TypeOf(root))
	}
	for name, typ := range w.types {
		file, want := schemaFile(snake(name)+".avsc"), w.record(name, typ)
		got, err := os.ReadFile(file)
		if err == nil && bytes.Equal(got, want) {
			continue
		}
		if !*update {
			t.Errorf("%s is not the schema of %s (%v); go test ./tables -run TestSchemas -update writes it, and doc/UPGRADING.md says what else has to be done",
				file, typ, err)
			continue
		}
		file = filepath.Join("schemas", newest(), filepath.Base(file))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, want, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// schemaFile is the schema file of a type in the newest release: the last that changed it has it.
func schemaFile(name string) string {
	for _, release := range slices.Backward(schemas.Releases.Names()) {
		file := filepath.Join("schemas", release, name)
		if _, err := os.Stat(file); err == nil {
			return file
		}
	}
	return filepath.Join("schemas", newest(), name)
}

// newest is the release that this is, or is to be.
func newest() string {
	names := schemas.Releases.Names()
	return names[len(names)-1]
}

type schemaWriter struct{ types map[string]reflect.Type }

func (w schemaWriter) schema(t reflect.Type) any {
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int32, reflect.Uint8, reflect.Uint16:
		return "int"
	case reflect.Int64:
		return "long"
	case reflect.Pointer:
		return []any{"null", w.schema(t.Elem())}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return map[string]any{"type": "array", "items": w.schema(t.Elem())}
	case reflect.Struct:
		name := schemaNames[t]
		if name == "" {
			name = t.Name()
		}
		if _, ok := w.types[name]; !ok {
			w.types[name] = t
			for f := range stored(t) {
				w.schema(f.Type)
			}
		}
		return "eddy." + name
	default:
		panic("no schema for " + t.String())
	}
}

func (w schemaWriter) record(name string, t reflect.Type) []byte {
	var b strings.Builder
	b.WriteString("{\n  \"type\": \"record\",\n  \"name\": \"" + name + "\",\n  \"namespace\": \"eddy\",\n  \"fields\": [\n")
	comma := ""
	for f := range stored(t) {
		typ, err := json.Marshal(w.schema(f.Type))
		if err != nil {
			panic(err)
		}
		b.WriteString(comma + `    {"name": "` + f.Tag.Get("avro") + `", "type": ` + string(typ))
		if text, ok := f.Tag.Lookup("default"); ok {
			b.WriteString(`, "default": ` + text)
		}
		if name, ok := f.Tag.Lookup("alias"); ok {
			b.WriteString(`, "aliases": ["` + name + `"]`)
		}
		b.WriteString("}")
		comma = ",\n"
	}
	b.WriteString("\n  ]\n}\n")
	return []byte(b.String())
}

// TestSchemaOfAChangedType has the tags by which a type says how older values are read.
func TestSchemaOfAChangedType(t *testing.T) {
	t.Parallel()
	type Row struct {
		Kept    int64    `avro:"kept"`
		Renamed string   `alias:"was"  avro:"renamed"`
		Added   []string `avro:"added" default:"[]"`
	}
	type Before struct {
		Kept int64  `avro:"kept"`
		Was  string `avro:"was"`
	}
	w := schemaWriter{types: map[string]reflect.Type{}}
	now := codecs.MustSchema(string(w.record("Row", reflect.TypeFor[Row]())))
	before := codecs.MustSchema(string(w.record("Row", reflect.TypeFor[Before]())))
	data, err := codecs.Avro[Before](codecs.MustFormat(before)).Encode(Before{3, "x"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := codecs.Avro[Row](codecs.MustFormat(now, before)).Decode(data)
	if err != nil || got.Kept != 3 || got.Renamed != "x" || len(got.Added) > 0 {
		t.Errorf("%+v, %v\n%s", got, err, now)
	}
}

// stored yields the fields of a record that its schema has.
func stored(t reflect.Type) iter.Seq[reflect.StructField] {
	return func(yield func(reflect.StructField) bool) {
		for f := range t.Fields() {
			if f.IsExported() && !yield(f) {
				return
			}
		}
	}
}

func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
