package codecs

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

//go:embed schemas/*.avsc
var files embed.FS

// embedded reads this package's own schemas, once.
var embedded = sync.OnceValues(func() (*Schemas, error) {
	sub, err := fs.Sub(files, "schemas")
	if err != nil {
		return nil, err
	}
	return LoadSchemas(sub)
})

// ErrNoSchema is wrapped by the errors for a schema name that nothing defines.
var ErrNoSchema = errors.New("no such schema")

// Schemas is a set of Avro schema files that may name each other's types. It is safe for concurrent use.
type Schemas struct {
	defined map[string]definition

	mu     sync.Mutex
	parsed map[string]*Schema
}

// definition is one file's type.
type definition struct {
	file string
	tree map[string]any
}

// LoadSchemas reads every file of fsys whose name ends in ".avsc", in its top folder. Each defines one named type
// with its namespace; a type of another file is named by its full name, in any order and without an include.
// Two files that define one name are an error. Types are parsed when they are first asked for.
func LoadSchemas(fsys fs.FS) (*Schemas, error) {
	names, err := fs.Glob(fsys, "*.avsc")
	if err != nil {
		return nil, err
	}
	s := &Schemas{defined: map[string]definition{}, parsed: map[string]*Schema{}}
	for _, file := range names {
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("schema file %q: %w", file, err)
		}
		d := json.NewDecoder(strings.NewReader(string(text)))
		d.UseNumber() // defaults keep their spelling
		var tree map[string]any
		if err := d.Decode(&tree); err != nil {
			return nil, fmt.Errorf("schema file %q: %w", file, err)
		}
		name, _ := fullName(tree, "")
		if name == "" {
			return nil, fmt.Errorf("schema file %q: its type has no name", file)
		}
		if other, ok := s.defined[name]; ok {
			return nil, fmt.Errorf("schema file %q: %q is defined in %q already", file, name, other.file)
		}
		s.defined[name] = definition{file, tree}
	}
	return s, nil
}

// Names returns the full names of all types that have a file, sorted.
func (s *Schemas) Names() []string {
	names := make([]string, 0, len(s.defined))
	for name := range s.defined {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Schema returns the schema of the type with this full name. An unknown name is an error that wraps
// [ErrNoSchema]; a file that goavro refuses is an error that names the file.
func (s *Schemas) Schema(name string) (*Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if schema := s.parsed[name]; schema != nil {
		return schema, nil
	}
	d, ok := s.defined[name]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrNoSchema, name)
	}
	l := linker{schemas: s, done: map[string]bool{}}
	text, err := json.Marshal(l.link(d.tree, ""))
	if err != nil {
		return nil, fmt.Errorf("schema file %q: %w", d.file, err)
	}
	schema, err := ParseSchema(string(text))
	if err != nil {
		return nil, fmt.Errorf("schema file %q: %w", d.file, err)
	}
	s.parsed[name] = schema
	return schema, nil
}

// linker copies a type's tree and puts the definition of another file's type where it is first named.
type linker struct {
	schemas *Schemas
	done    map[string]bool // types defined in the copy so far
}

// link copies one schema of a tree: a name, a union or a definition.
func (l *linker) link(node any, namespace string) any {
	switch node := node.(type) {
	case string:
		name := node
		if !strings.Contains(name, ".") && namespace != "" {
			name = namespace + "." + name
		}
		d, ok := l.schemas.defined[name]
		if !ok || l.done[name] {
			return node
		}
		return l.link(d.tree, "")
	case []any:
		union := make([]any, len(node))
		for i := range node {
			union[i] = l.link(node[i], namespace)
		}
		return union
	case map[string]any:
		name, inner := fullName(node, namespace)
		if name != "" {
			l.done[name] = true
			namespace = inner
		}
		definition := make(map[string]any, len(node)+1)
		for key, value := range node {
			switch key {
			case "type", "items", "values":
				value = l.link(value, namespace)
			case "fields":
				value = l.fields(value, namespace)
			}
			definition[key] = value
		}
		if name != "" && namespace != "" {
			// An inlined type must not take the namespace of the place where it lands.
			definition["namespace"] = namespace
		}
		return definition
	default:
		return node
	}
}

// fields copies a record's fields. A field is no schema itself: its name is not a type's.
func (l *linker) fields(node any, namespace string) any {
	list, ok := node.([]any)
	if !ok {
		return node
	}
	fields := make([]any, len(list))
	for i := range list {
		field, ok := list[i].(map[string]any)
		if !ok {
			fields[i] = list[i]
			continue
		}
		c := make(map[string]any, len(field))
		for key, value := range field {
			if key == "type" {
				value = l.link(value, namespace)
			}
			c[key] = value
		}
		fields[i] = c
	}
	return fields
}

// fullName returns the full name of a definition and the namespace of what is inside it; "" of a type without a name.
func fullName(node map[string]any, namespace string) (name, inner string) {
	name, _ = node["name"].(string)
	if name == "" {
		return "", namespace
	}
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name, name[:i]
	}
	if n, ok := node["namespace"].(string); ok {
		namespace = n
	}
	if namespace == "" {
		return name, ""
	}
	return namespace + "." + name, namespace
}
