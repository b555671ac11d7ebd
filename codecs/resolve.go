package codecs

import (
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/avro"
)

// reads makes the plan by which s reads what writer wrote, by Avro's rules of schema resolution. The error names both
// schemas and the field.
func (s *Schema) reads(writer *Schema) (*avro.Schema, error) {
	plan, err := avro.Resolve(writer.typed, s.typed)
	if err == nil {
		err = checkLogicalTypes(writer.typed, s.typed)
	}
	if err != nil {
		return nil, cannotRead(s, writer, err)
	}
	return plan, nil
}

// downgrade makes the plan by which former reads what current wrote. Aliases stand in the schema that came later, so a
// former one is given those that lead back.
func downgrade(current, former *Schema) (*avro.Schema, error) {
	node := former.typed.Root()
	err := walkSchemas(node, current.typed.Root(), func(old, now *avro.SchemaNode, _ string) error {
		if old.Name != now.Name {
			old.Aliases = append(old.Aliases, fullName(now))
		}
		for i := range now.Fields {
			field := &now.Fields[i]
			if was := writtenAs(field, old.Fields); was != nil && was.Name != field.Name && !slices.Contains(was.Aliases, field.Name) {
				was.Aliases = append(was.Aliases, field.Name)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	reader, err := node.Schema()
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", former.label(), err)
	}
	plan, err := avro.Resolve(current.typed, reader)
	if err != nil {
		return nil, cannotRead(former, current, err)
	}
	return plan, nil
}

// covers reports whether current has all that former has, by the same names and types, so that what former lays out can
// be encoded from a value of current directly. That is so where fields were only added or moved.
func covers(current, former *Schema) bool {
	c := cover{namedTypes{}, namedTypes{}, map[[2]*avro.SchemaNode]bool{}}
	now, old := current.typed.Root(), former.typed.Root()
	c.now.add(now)
	c.old.add(old)
	return c.has(now, old)
}

type cover struct {
	now, old namedTypes
	seen     map[[2]*avro.SchemaNode]bool
}

func (c cover) has(now, old *avro.SchemaNode) bool {
	now, old = c.now.of(now), c.old.of(old)
	pair := [2]*avro.SchemaNode{now, old}
	if c.seen[pair] {
		return true
	}
	c.seen[pair] = true
	if now.Type != old.Type || now.LogicalType != old.LogicalType || now.Precision != old.Precision || now.Scale != old.Scale ||
		now.Size != old.Size || !slices.Equal(now.Symbols, old.Symbols) || len(now.Branches) != len(old.Branches) ||
		len(old.Branches) > 2 { // of more branches, a value's type may not tell which
		return false
	}
	for i := range old.Branches {
		if !c.has(&now.Branches[i], &old.Branches[i]) {
			return false
		}
	}
	for _, field := range old.Fields {
		i := slices.IndexFunc(now.Fields, func(f avro.SchemaField) bool { return f.Name == field.Name })
		if i < 0 || !c.has(&now.Fields[i].Type, &field.Type) {
			return false
		}
	}
	return (old.Items == nil || c.has(now.Items, old.Items)) && (old.Values == nil || c.has(now.Values, old.Values))
}

func cannotRead(reader, writer *Schema, err error) error {
	if at, ok := errors.AsType[*avro.CompatibilityError](err); ok {
		err = fmt.Errorf("field %q: %s", at.Path, at.Detail)
		if at.ReaderType != "" && at.WriterType != "" {
			err = fmt.Errorf("%w (reader %s, writer %s)", err, at.ReaderType, at.WriterType)
		}
	}
	return fmt.Errorf("schema %s cannot read what schema %s wrote: %w", reader.label(), writer.label(), err)
}

// checkLogicalTypes refuses what Avro's rules let through: a field whose logical type has changed, as from
// milliseconds to microseconds, while the type that carries it has not. The number would be read as another time. The
// parsing canonical form has no logical types, so this also tells apart two schemas of one fingerprint.
// A logical type that is added or dropped changes what a value is called, not what it is, and passes.
func checkLogicalTypes(writer, reader *avro.Schema) error {
	return walkSchemas(writer.Root(), reader.Root(), func(w, r *avro.SchemaNode, path string) error {
		if w.LogicalType == "" || r.LogicalType == "" || w.LogicalType == r.LogicalType {
			return nil
		}
		return &avro.CompatibilityError{
			Path: path, ReaderType: r.LogicalType, WriterType: w.LogicalType,
			Detail: "the logical type has changed: give the field another name",
		}
	})
}
