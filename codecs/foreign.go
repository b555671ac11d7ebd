package codecs

import (
	"errors"
	"fmt"

	"github.com/twmb/avro"
)

// ParseSchemas parses the texts of named types, each of which may name those before it, and returns the last one's schema.
func ParseSchemas(texts ...string) (s *Schema, err error) {
	defer recovered(&err, "parse schema")
	if len(texts) == 0 {
		return nil, errors.New("parse schema: no text")
	}
	var cache avro.SchemaCache
	var typed *avro.Schema
	for _, text := range texts {
		if typed, err = cache.Parse(text); err != nil {
			return nil, fmt.Errorf("parse schema: %w", Brief(err))
		}
	}
	return newSchema(typed, typed.Root()), nil
}

// Value decodes a plain value of the schema, one without a header, whatever its type: a record is a map, an array a slice, the value of a union
// stands without its type, and what is a time by its logical type is a [time.Time].
func (s *Schema) Value(data []byte) (value any, err error) {
	defer recovered(&err, "decode avro")
	rest, err := s.typed.Decode(data, &value)
	if err == nil && len(rest) > 0 {
		err = leftOver(rest)
	}
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", s.name, Brief(err))
	}
	return value, nil
}

// Foreign returns what decodes plain values that somebody else's schema wrote, as reader has them: by Avro's rules, but for the names of
// records and enums, which do not count. If reader cannot read what writer wrote, the error names both and the field.
func Foreign[T any](writer, reader *Schema) (decode func(data []byte) (T, error), err error) {
	defer recovered(&err, "resolve schema")
	node := reader.typed.Root()
	err = walkSchemas(writer.typed.Root(), node, func(w, r *avro.SchemaNode, _ string) error {
		if w.Name != "" && fullName(w) != fullName(r) {
			r.Aliases = append(r.Aliases, fullName(w))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	typed, err := node.Schema()
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", reader.label(), Brief(err))
	}
	plan, err := newSchema(typed, typed.Root()).reads(writer)
	if err != nil {
		return nil, Brief(err)
	}
	return plain[T]{&Schema{name: reader.name, typed: plan}}.Decode, nil
}
