package codecs

import (
	"slices"

	"github.com/twmb/avro"
)

// checkLogicalTypes refuses what Avro's rules let through: a field whose logical type has changed, as from
// milliseconds to microseconds, while the type that carries it has not. The number would be read as another time. The
// parsing canonical form has no logical types, so this also tells apart two schemas of one fingerprint.
// A logical type that is added or dropped changes what a value is called, not what it is, and passes.
func checkLogicalTypes(writer, reader *avro.Schema) error {
	c := logicalTypes{
		writers: namedTypes{}, readers: namedTypes{}, seen: map[[2]*avro.SchemaNode]bool{},
	}
	w, r := writer.Root(), reader.Root()
	c.writers.add(w)
	c.readers.add(r)
	return c.check(w, r, "")
}

// namedTypes are the definitions of a schema's named types, by full name and by name alone.
type namedTypes map[string]*avro.SchemaNode

func (n namedTypes) add(node *avro.SchemaNode) {
	if node == nil {
		return
	}
	if node.Name != "" {
		full := node.Name
		if node.Namespace != "" {
			full = node.Namespace + "." + node.Name
		}
		n[full] = node
	}
	n.add(node.Items)
	n.add(node.Values)
	for i := range node.Branches {
		n.add(&node.Branches[i])
	}
	for i := range node.Fields {
		n.add(&node.Fields[i].Type)
	}
}

// of follows a reference to a named type.
func (n namedTypes) of(node *avro.SchemaNode) *avro.SchemaNode {
	if definition := n[node.Type]; definition != nil {
		return definition
	}
	return node
}

// logicalTypes walks two schemas that resolve.
type logicalTypes struct {
	writers, readers namedTypes
	seen             map[[2]*avro.SchemaNode]bool
}

func (c logicalTypes) check(w, r *avro.SchemaNode, path string) error {
	if w == nil || r == nil {
		return nil
	}
	w, r = c.writers.of(w), c.readers.of(r)
	pair := [2]*avro.SchemaNode{w, r}
	if c.seen[pair] {
		return nil
	}
	c.seen[pair] = true
	if w.Type == "union" || r.Type == "union" {
		return c.branches(w, r, path)
	}
	if w.Type != r.Type {
		return nil // promoted
	}
	if w.LogicalType != "" && r.LogicalType != "" && w.LogicalType != r.LogicalType {
		return &avro.CompatibilityError{
			Path: path, ReaderType: r.LogicalType, WriterType: w.LogicalType,
			Detail: "the logical type has changed: give the field another name",
		}
	}
	for i := range r.Fields {
		rf := &r.Fields[i]
		if wf := writtenAs(rf, w.Fields); wf != nil {
			if err := c.check(&wf.Type, &rf.Type, join(path, rf.Name)); err != nil {
				return err
			}
		}
	}
	if err := c.check(w.Items, r.Items, join(path, "items")); err != nil {
		return err
	}
	return c.check(w.Values, r.Values, join(path, "values"))
}

// branches compares each pair of branches of one type.
func (c logicalTypes) branches(w, r *avro.SchemaNode, path string) error {
	for _, wb := range branchesOf(w) {
		for _, rb := range branchesOf(r) {
			if c.writers.of(wb).Type != c.readers.of(rb).Type || c.writers.of(wb).Name != c.readers.of(rb).Name {
				continue
			}
			if err := c.check(wb, rb, path); err != nil {
				return err
			}
		}
	}
	return nil
}

func branchesOf(node *avro.SchemaNode) []*avro.SchemaNode {
	if node.Type != "union" {
		return []*avro.SchemaNode{node}
	}
	list := make([]*avro.SchemaNode, len(node.Branches))
	for i := range node.Branches {
		list[i] = &node.Branches[i]
	}
	return list
}

// writtenAs returns the writer's field that a reader's field takes its value from; nil if it takes its default.
func writtenAs(reader *avro.SchemaField, fields []avro.SchemaField) *avro.SchemaField {
	for _, name := range append([]string{reader.Name}, reader.Aliases...) {
		if i := slices.IndexFunc(fields, func(f avro.SchemaField) bool { return f.Name == name }); i >= 0 {
			return &fields[i]
		}
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
