package topology

import (
	"fmt"
	"strings"
)

// DOT draws the topology as a Graphviz graph.
func (t *Topology) DOT() string {
	var s strings.Builder
	fmt.Fprintf(&s, "digraph %q {\n  rankdir=LR;\n", t.model.Name)
	id := map[string]string{}
	for i, topic := range t.model.Topics {
		id[topic.Name] = fmt.Sprintf("t%d", i)
		shape := "ellipse"
		if topic.state() {
			shape = "cylinder"
		}
		fmt.Fprintf(&s, "  t%d [label=%q, shape=%s];\n", i, topic.label(), shape)
	}
	for i, p := range t.model.Processors {
		fmt.Fprintf(&s, "  p%d [label=%q, shape=box, style=bold];\n", i, p.Name)
		for _, e := range p.Edges {
			topic := id[e.Topic]
			switch e.Role {
			case roleInput:
				fmt.Fprintf(&s, "  %s -> p%d;\n", topic, i)
			case roleOutput:
				fmt.Fprintf(&s, "  p%d -> %s;\n", i, topic)
			case roleTable, roleStore, roleTimers:
				fmt.Fprintf(&s, "  p%d -> %s [dir=both];\n", i, topic)
			case roleLoop:
				fmt.Fprintf(&s, "  p%d -> %s [style=dotted];\n  %s -> p%d [style=dotted];\n", i, topic, topic, i)
			default:
				fmt.Fprintf(&s, "  %s -> p%d [label=%q, style=dashed];\n", topic, i, e.Role)
			}
		}
	}
	s.WriteString("}\n")
	return s.String()
}
