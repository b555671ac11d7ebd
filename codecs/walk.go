package codecs

import (
	"slices"

	"github.com/twmb/avro"
)

// A walk goes through two schemas at once, a writer's and a reader's that resolve, and visits each pair of types that
// resolution matches.
type walk struct {
	writers, readers namedTypes
	seen             map[[2]*avro.SchemaNode]bool
	// visit gets a pair of one kind and the path of the reader's field.
	visit func(writer, reader *avro.SchemaNode, path string) error
}

// walkSchemas ends at the first error of visit.
func walkSchemas(writer, reader *avro.SchemaNode, visit func(writer, reader *avro.SchemaNode, path string) error) error {
	w := walk{namedTypes{}, namedTypes{}, map[[2]*avro.SchemaNode]bool{}, visit}
	w.writers.add(writer)
	w.readers.add(reader)
	return w.pair(writer, reader, "")
}

func (w walk) pair(writer, reader *avro.SchemaNode, path string) error {
	if writer == nil || reader == nil {
		return nil
	}
	writer, reader = w.writers.of(writer), w.readers.of(reader)
	pair := [2]*avro.SchemaNode{writer, reader}
	if w.seen[pair] {
		return nil
	}
	w.seen[pair] = true
	if writer.Type == "union" || reader.Type == "union" {
		return w.branches(writer, reader, path)
	}
	if writer.Type != reader.Type {
		return nil // promoted
	}
	if err := w.visit(writer, reader, path); err != nil {
		return err
	}
	for i := range reader.Fields {
		rf := &reader.Fields[i]
		if wf := writtenAs(rf, writer.Fields); wf != nil {
			if err := w.pair(&wf.Type, &rf.Type, join(path, rf.Name)); err != nil {
				return err
			}
		}
	}
	if err := w.pair(writer.Items, reader.Items, join(path, "items")); err != nil {
		return err
	}
	return w.pair(writer.Values, reader.Values, join(path, "values"))
}

// branches goes through each pair of branches of one type.
func (w walk) branches(writer, reader *avro.SchemaNode, path string) error {
	for _, wb := range branchesOf(writer) {
		for _, rb := range branchesOf(reader) {
			if !sameName(w.writers.of(wb), w.readers.of(rb)) {
				continue
			}
			if err := w.pair(wb, rb, path); err != nil {
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

// sameName reports whether two types are of one kind and, where they have names, one by name or by an alias.
func sameName(writer, reader *avro.SchemaNode) bool {
	return writer.Type == reader.Type &&
		(writer.Name == reader.Name || slices.Contains(reader.Aliases, writer.Name) || slices.Contains(reader.Aliases, fullName(writer)))
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

// namedTypes are the definitions of a schema's named types, by full name.
type namedTypes map[string]*avro.SchemaNode

func (n namedTypes) add(node *avro.SchemaNode) {
	if node == nil {
		return
	}
	if node.Name != "" {
		n[fullName(node)] = node
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

func fullName(node *avro.SchemaNode) string {
	if node.Namespace == "" {
		return node.Name
	}
	return node.Namespace + "." + node.Name
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
