package codecs

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/twmb/avro"
)

// ErrNoSchema is wrapped by the errors for a schema name that nothing defines.
var ErrNoSchema = errors.New("no such schema")

// Schemas is a set of Avro schema files that may name each other's types. It is safe for concurrent use.
type Schemas struct {
	byName map[string]*Schema
}

// LoadSchemas reads every file of fsys whose name ends in ".avsc", in its top folder. Each defines one named type; a
// type of another file is named by its full name, in any order and without an include. Files must not name each other
// in a circle. The error names each file that is wrong.
func LoadSchemas(fsys fs.FS) (*Schemas, error) {
	files, err := readSchemas(fsys)
	if err != nil {
		return nil, err
	}
	return linkSchemas(files)
}

// Names returns the full names of all types that have a file, sorted.
func (s *Schemas) Names() []string { return slices.Sorted(maps.Keys(s.byName)) }

// Schema returns the schema of the type with this full name, such as "shop.Order". An unknown name is an error that
// wraps [ErrNoSchema].
func (s *Schemas) Schema(name string) (*Schema, error) {
	if schema := s.byName[name]; schema != nil {
		return schema, nil
	}
	return nil, fmt.Errorf("%w: %q", ErrNoSchema, name)
}

// readSchemas returns the texts of a folder's schema files by their names.
func readSchemas(fsys fs.FS) (map[string]string, error) {
	names, err := fs.Glob(fsys, "*.avsc")
	if err != nil {
		return nil, err
	}
	files := make(map[string]string, len(names))
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("schema file %q: %w", name, err)
		}
		files[name] = string(text)
	}
	return files, nil
}

// linkSchemas parses files, each after those whose types it names. Which these are only the parser knows, so those that
// cannot be parsed are tried again as long as others could.
func linkSchemas(files map[string]string) (*Schemas, error) {
	s := &Schemas{byName: make(map[string]*Schema, len(files))}
	var cache avro.SchemaCache
	from := map[string]string{}
	rest := slices.Sorted(maps.Keys(files))
	for len(rest) > 0 {
		var later []string
		var errs []error
		for _, file := range rest {
			schema, err := parseNamed(&cache, files[file])
			if err != nil {
				later, errs = append(later, file), append(errs, fmt.Errorf("schema file %q: %w", file, err))
				continue
			}
			if other, ok := from[schema.name]; ok {
				return nil, fmt.Errorf("schema file %q: %q is defined in %q already", file, schema.name, other)
			}
			s.byName[schema.name], from[schema.name] = schema, file
		}
		if len(later) == len(rest) {
			return nil, errors.Join(errs...)
		}
		rest = later
	}
	return s, nil
}

func parseNamed(cache *avro.SchemaCache, text string) (s *Schema, err error) {
	defer recovered(&err, "parse schema")
	typed, err := cache.Parse(text)
	if err != nil {
		return nil, err
	}
	root := typed.Root()
	if root.Name == "" {
		return nil, errors.New("its type has no name")
	}
	return newSchema(typed, root), nil
}
