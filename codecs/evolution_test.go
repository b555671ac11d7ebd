package codecs_test

import (
	"encoding/json"
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

// avroType is a schema of this package's random tests, small enough to say by hand what it reads.
type avroType struct {
	kind    string // of Avro; "nullable" is a union of null and the element
	name    string // of a record or an enum
	aliases []string
	symbols []string
	elem    *avroType
	fields  []avroField
}

type avroField struct {
	name    string
	aliases []string
	typ     *avroType
	// fallback is the default, as it is in a value; it counts where optional is true.
	fallback any
	optional bool
}

// schemaText renders the type as a schema.
func (a *avroType) schemaText() string {
	text, err := json.Marshal(a.tree())
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (a *avroType) tree() any {
	switch a.kind {
	case "nullable":
		return []any{"null", a.elem.tree()}
	case "array":
		return map[string]any{"type": "array", "items": a.elem.tree()}
	case "map":
		return map[string]any{"type": "map", "values": a.elem.tree()}
	case "enum":
		return map[string]any{"type": "enum", "name": a.name, "symbols": a.symbols}
	case "record":
		fields := make([]any, len(a.fields))
		for i, f := range a.fields {
			field := map[string]any{"name": f.name, "type": f.typ.tree()}
			if len(f.aliases) > 0 {
				field["aliases"] = f.aliases
			}
			if f.optional {
				field["default"] = defaultText(f.fallback)
			}
			fields[i] = field
		}
		tree := map[string]any{"type": "record", "name": a.name, "fields": fields}
		if len(a.aliases) > 0 {
			tree["aliases"] = a.aliases
		}
		return tree
	default:
		return a.kind
	}
}

// defaultText is a default as schemas spell it, where bytes are text.
func defaultText(v any) any {
	switch v := v.(type) {
	case []byte:
		return string(v)
	case map[string]any:
		fields := map[string]any{}
		for name, value := range v {
			fields[name] = defaultText(value)
		}
		return fields
	default:
		return v
	}
}

var primitives = []string{"boolean", "int", "long", "float", "double", "string", "bytes"}

// promotions are the types that a type can be read as.
var promotions = map[string][]string{
	"int": {"long", "float", "double"}, "long": {"float", "double"}, "float": {"double"}, "string": {"bytes"}, "bytes": {"string"},
}

// drawing draws types; names are never used twice.
type drawing struct {
	*rapid.T
	names int
}

func (d *drawing) name(prefix string) string {
	d.names++
	return fmt.Sprintf("%s%d", prefix, d.names)
}

func (d *drawing) record(depth int) *avroType {
	r := &avroType{kind: "record", name: d.name("R")}
	for range rapid.IntRange(0, 4).Draw(d.T, "fields") {
		r.fields = append(r.fields, d.field(depth, rapid.Bool().Draw(d.T, "optional")))
	}
	return r
}

func (d *drawing) field(depth int, optional bool) avroField {
	f := avroField{name: d.name("f"), typ: d.typ(depth), optional: optional}
	if optional {
		f.fallback = d.fallback(f.typ)
	}
	return f
}

func (d *drawing) typ(depth int) *avroType {
	kinds := append([]string{"enum"}, primitives...)
	if depth > 0 {
		kinds = append(kinds, "record", "array", "map", "nullable")
	}
	switch kind := rapid.SampledFrom(kinds).Draw(d.T, "kind"); kind {
	case "record":
		return d.record(depth - 1)
	case "enum":
		return &avroType{kind: kind, name: d.name("E"), symbols: []string{"A", "B", "C"}}
	case "nullable":
		elem := d.typ(depth - 1)
		for elem.kind == "nullable" {
			elem = elem.elem
		}
		return &avroType{kind: kind, elem: elem}
	case "array", "map":
		return &avroType{kind: kind, elem: d.typ(depth - 1)}
	default:
		return &avroType{kind: kind}
	}
}

// fallback draws a default.
func (d *drawing) fallback(a *avroType) any {
	switch a.kind {
	case "nullable":
		return nil
	case "array":
		return []any{}
	case "map":
		return map[string]any{}
	case "float":
		return float32(rapid.IntRange(-100, 100).Draw(d.T, "float"))
	case "double":
		return float64(rapid.IntRange(-100, 100).Draw(d.T, "double"))
	case "string":
		return rapid.StringMatching("[a-z]*").Draw(d.T, "string")
	case "bytes":
		return []byte(rapid.StringMatching("[a-z]*").Draw(d.T, "bytes"))
	case "record":
		v := map[string]any{}
		for _, f := range a.fields {
			v[f.name] = d.fallback(f.typ)
		}
		return v
	default:
		return d.value(a)
	}
}

// value draws a value as the codecs decode it.
func (d *drawing) value(a *avroType) any {
	switch a.kind {
	case "boolean":
		return rapid.Bool().Draw(d.T, "boolean")
	case "int":
		return rapid.Int32().Draw(d.T, "int")
	case "long":
		return rapid.Int64().Draw(d.T, "long")
	case "float":
		return rapid.Float32().Draw(d.T, "float")
	case "double":
		return rapid.Float64().Draw(d.T, "double")
	case "string":
		return rapid.String().Draw(d.T, "string")
	case "bytes":
		return []byte(rapid.String().Draw(d.T, "bytes")) // that a string may be read of
	case "enum":
		return rapid.SampledFrom(a.symbols).Draw(d.T, "symbol")
	case "nullable":
		if rapid.Bool().Draw(d.T, "null") {
			return nil
		}
		return d.value(a.elem)
	case "array":
		list := make([]any, rapid.IntRange(0, 3).Draw(d.T, "items"))
		for i := range list {
			list[i] = d.value(a.elem)
		}
		return list
	case "map":
		m := map[string]any{}
		for i := range rapid.IntRange(0, 3).Draw(d.T, "entries") {
			m[fmt.Sprint("k", i)] = d.value(a.elem)
		}
		return m
	case "record":
		v := map[string]any{}
		for _, f := range a.fields {
			v[f.name] = d.value(f.typ)
		}
		return v
	default:
		panic(a.kind)
	}
}

// evolve draws a later schema of a type that can read the present one. Compatible changes can be undone by resolution,
// too: it reads what the later schema wrote.
func (d *drawing) evolve(a *avroType, compatible bool) *avroType {
	b := *a
	switch a.kind {
	case "nullable", "array", "map":
		b.elem = d.evolve(a.elem, compatible)
	case "enum":
		if !compatible && rapid.Bool().Draw(d.T, "symbol") {
			b.symbols = append([]string{"Z"}, a.symbols...)
		} else if rapid.Bool().Draw(d.T, "symbols") {
			b.symbols = []string{"C", "A", "B"}
		}
	case "record":
		if rapid.Bool().Draw(d.T, "record renamed") {
			b.name, b.aliases = d.name("R"), []string{a.name}
		}
		b.fields = d.evolveFields(a.fields, compatible)
	default:
		if to := promotions[a.kind]; to != nil && !compatible && rapid.Bool().Draw(d.T, "promoted") {
			b.kind = rapid.SampledFrom(to).Draw(d.T, "promotion")
		}
	}
	return &b
}

func (d *drawing) evolveFields(fields []avroField, compatible bool) (evolved []avroField) {
	for _, f := range fields {
		switch rapid.SampledFrom([]string{"keep", "remove", "rename"}).Draw(d.T, f.name) {
		case "remove":
			if !compatible || f.optional {
				continue
			}
		case "rename":
			f.aliases, f.name = []string{f.name}, d.name("f")
		}
		was := f.typ
		if f.typ = d.evolve(was, compatible); f.optional {
			f.fallback = d.fallback(f.typ)
		}
		evolved = append(evolved, f)
	}
	for range rapid.IntRange(0, 2).Draw(d.T, "added") {
		evolved = append(evolved, d.field(1, true))
	}
	return rapid.Permutation(evolved).Draw(d.T, "order")
}

// read is what a reader's type makes of a value that the writer's type has, by Avro's rules. A reader that came before the
// writer is told so: then the aliases are the writer's.
func read(writer, reader *avroType, v any, back bool) any {
	switch {
	case writer.kind == "nullable" && v == nil:
		return nil
	case writer.kind == "nullable":
		return read(writer.elem, reader.elem, v, back)
	}
	switch w := v.(type) {
	case []any:
		list := make([]any, len(w))
		for i := range w {
			list[i] = read(writer.elem, reader.elem, w[i], back)
		}
		return list
	case map[string]any:
		out := map[string]any{}
		if writer.kind == "map" {
			for k := range w {
				out[k] = read(writer.elem, reader.elem, w[k], back)
			}
			return out
		}
		for _, rf := range reader.fields {
			i := slices.IndexFunc(writer.fields, func(wf avroField) bool {
				return wf.name == rf.name || !back && slices.Contains(rf.aliases, wf.name) || back && slices.Contains(wf.aliases, rf.name)
			})
			if i < 0 {
				out[rf.name] = rf.fallback
			} else {
				out[rf.name] = read(writer.fields[i].typ, rf.typ, w[writer.fields[i].name], back)
			}
		}
		return out
	}
	return promote(v, reader.kind)
}

func promote(v any, kind string) any {
	switch kind {
	case "long":
		if i, ok := v.(int32); ok {
			return int64(i)
		}
	case "float":
		switch i := v.(type) {
		case int32:
			return float32(i)
		case int64:
			return float32(i)
		}
	case "double":
		switch i := v.(type) {
		case int32:
			return float64(i)
		case int64:
			return float64(i)
		case float32:
			return float64(i)
		}
	case "bytes":
		if s, ok := v.(string); ok {
			return []byte(s)
		}
	case "string":
		if b, ok := v.([]byte); ok {
			return string(b)
		}
	}
	return v
}
