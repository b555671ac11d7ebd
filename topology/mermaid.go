package topology

import (
	"fmt"
	"strings"
)

// Mermaid draws the topology as a Mermaid flow chart: processors as boxes, streams as rounded boxes, tables as
// cylinders. A loop is a dotted arrow there and back.
func (t *Topology) Mermaid() string {
	var s strings.Builder
	s.WriteString("flowchart LR\n")
	id := map[string]string{}
	for i, topic := range t.model.Topics {
		id[topic.Name] = fmt.Sprintf("t%d", i)
		shape := [2]string{"(", ")"}
		if topic.state() {
			shape = [2]string{"[(", ")]"}
		}
		fmt.Fprintf(&s, "  t%d%s\"%s\"%s\n", i, shape[0], topic.label(), shape[1])
	}
	for i, p := range t.model.Processors {
		fmt.Fprintf(&s, "  p%d[\"%s\"]:::processor\n", i, p.Name)
		for _, e := range p.Edges {
			topic := id[e.Topic]
			switch e.Role {
			case roleInput:
				fmt.Fprintf(&s, "  %s --> p%d\n", topic, i)
			case roleOutput:
				fmt.Fprintf(&s, "  p%d --> %s\n", i, topic)
			case roleTable, roleStore, roleTimers:
				fmt.Fprintf(&s, "  p%d === %s\n", i, topic)
			case roleLoop:
				fmt.Fprintf(&s, "  p%d -.-> %s -.-> p%d\n", i, topic, i)
			default:
				fmt.Fprintf(&s, "  %s -- %s --> p%d\n", topic, e.Role, i)
			}
		}
	}
	s.WriteString("  classDef processor stroke-width:3px\n")
	return s.String()
}
