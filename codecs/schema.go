package codecs

import (
	"fmt"

	"github.com/linkedin/goavro/v2"
	"github.com/twmb/avro"
)

// A Schema is a parsed and checked Avro schema. It is safe for concurrent use.
//
// Two libraries hold it. goavro parses and checks the text and reads records generically: [Schema.JSON] and
// the container files. twmb/avro reads and writes typed values, several times faster; see [Avro]. Both
// read and write the same bytes.
type Schema struct {
	name    string
	text    string
	generic *goavro.Codec
	plain   *goavro.Codec
	typed   *avro.Schema
}

// NewSchema returns the embedded schema of the type with this full name, such as "eddy.Render".
// An unknown name is an error that wraps [ErrNoSchema].
func NewSchema(name string) (*Schema, error) {
	r, err := embedded()
	if err != nil {
		return nil, err
	}
	return r.Schema(name)
}

// SchemaNames returns the full names of the embedded schemas, sorted.
func SchemaNames() ([]string, error) {
	r, err := embedded()
	if err != nil {
		return nil, err
	}
	return r.Names(), nil
}

// MustSchema is [NewSchema] for package variables. It panics on an error: the schema is part of the program.
func MustSchema(name string) *Schema {
	s, err := NewSchema(name)
	if err != nil {
		panic(err)
	}
	return s
}

// ParseSchema parses a schema's text, which names no type that it does not define.
func ParseSchema(text string) (s *Schema, err error) {
	defer recovered(&err, "parse schema")
	generic, err := goavro.NewCodec(text)
	if err != nil {
		return nil, fmt.Errorf("parse schema: %w", err)
	}
	plain, err := goavro.NewCodecForStandardJSONFull(text)
	if err != nil {
		return nil, fmt.Errorf("parse schema: %w", err)
	}
	typed, err := avro.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("parse schema: %w", err)
	}
	name := generic.TypeName()
	return &Schema{name: name.String(), text: text, generic: generic, plain: plain, typed: typed}, nil
}

// Name returns the full name of the schema's type; of a type without a name, its kind.
func (s *Schema) Name() string { return s.name }

// String returns the schema's text as JSON, with every type that it names defined in it.
func (s *Schema) String() string { return s.text }
