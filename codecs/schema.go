package codecs

import (
	"encoding/binary"
	"fmt"

	"github.com/twmb/avro"
)

// A Schema is a parsed and checked Avro schema. It is safe for concurrent use.
type Schema struct {
	name   string
	typed  *avro.Schema
	header [headerSize]byte
}

// ParseSchema parses a schema's text, which names no type that it does not define; see [LoadSchemas] for files that
// name each other's types.
func ParseSchema(text string) (s *Schema, err error) {
	defer recovered(&err, "parse schema")
	typed, err := avro.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("parse schema: %w", err)
	}
	return newSchema(typed, typed.Root()), nil
}

// MustSchema is [ParseSchema] for package variables. It panics on an error: the schema is part of the program.
func MustSchema(text string) *Schema {
	s, err := ParseSchema(text)
	if err != nil {
		panic(err)
	}
	return s
}

// newSchema calls a schema after its type: the full name, or the kind of a type without a name.
func newSchema(typed *avro.Schema, root *avro.SchemaNode) *Schema {
	s := &Schema{name: fullName(root), typed: typed, header: [headerSize]byte{0xC3, 0x01}}
	if s.name == "" {
		s.name = root.Type
	}
	hash := avro.NewRabin()
	hash.Write(typed.Canonical())
	binary.LittleEndian.PutUint64(s.header[2:], hash.Sum64())
	return s
}

// Name returns the full name of the schema's type; of a type without a name, its kind.
func (s *Schema) Name() string { return s.name }

// String returns the schema's text as JSON, with every type that it names defined in it.
func (s *Schema) String() string { return s.typed.String() }

// Fingerprint returns the CRC-64-AVRO fingerprint of the schema's parsing canonical form. It is that of all schemas
// that lay out the same bytes: documentation, defaults, aliases and logical types do not count.
func (s *Schema) Fingerprint() Fingerprint { return fingerprintOf(s.header) }

// JSON renders a plain value of the schema, one without a header, as JSON: the value of a union without its type, times
// and other logical types as the numbers and texts that carry them. It is for tools and people, and not fast.
func (s *Schema) JSON(data []byte) (text []byte, err error) {
	defer recovered(&err, "render avro")
	var value any
	rest, err := s.typed.Decode(data, &value)
	if err == nil && len(rest) > 0 {
		err = leftOver(rest)
	}
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", s.name, err)
	}
	if text, err = s.typed.EncodeJSON(value); err != nil {
		return nil, fmt.Errorf("render %s: %w", s.name, err)
	}
	return text, nil
}

func leftOver(rest []byte) error { return fmt.Errorf("%d bytes left over", len(rest)) }

// label names a schema in an error: several schemas of one type differ by fingerprint only.
func (s *Schema) label() string { return fmt.Sprintf("%s (fingerprint %s)", s.name, s.Fingerprint()) }
