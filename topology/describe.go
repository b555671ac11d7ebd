package topology

import (
	"fmt"
	"strings"
)

// model is a topology as descriptions show it.
type model struct {
	Name       string           `json:"name"`
	Processors []modelProcessor `json:"processors"`
	Topics     []modelTopic     `json:"topics"` // in the order of their first mention
}

type modelProcessor struct {
	Name  string      `json:"name"`
	Group string      `json:"group"`
	Edges []modelEdge `json:"edges"` // in the order of their declaration
	// Every are the intervals of its punctuations.
	Every []string `json:"every,omitempty"`
}

type modelEdge struct {
	Role  role   `json:"role"`
	Topic string `json:"topic"`
	Last  bool   `json:"last,omitempty"`
	Clock string `json:"clock,omitempty"` // of timers
}

type modelTopic struct {
	Name string `json:"name"`
	Kind string `json:"kind"` // stream, table, timers or loop
	// External says that no processor of the topology writes it.
	External bool `json:"external,omitempty"`
	Packed   bool `json:"packed,omitempty"`
	// Retention is empty for the default, and for tables.
	Retention string `json:"retention,omitempty"`
}

func describe(b *Builder) model {
	m := model{Name: b.name, Topics: []modelTopic{}}
	index := map[string]int{}
	for _, p := range b.processors {
		mp := modelProcessor{Name: p.kernel.Name, Group: p.kernel.Group}
		for _, e := range p.edges {
			me := modelEdge{Role: e.role, Topic: e.topic.Name, Last: e.last}
			if e.timers != nil {
				me.Clock = e.timers.Clock.String()
			}
			mp.Edges = append(mp.Edges, me)
			i, ok := index[e.topic.Name]
			if !ok {
				i = len(m.Topics)
				index[e.topic.Name] = i
				m.Topics = append(m.Topics, modelTopic{Name: e.topic.Name, Kind: "stream", External: true})
			}
			t := &m.Topics[i]
			switch e.role {
			case roleTable, roleTimers, roleLoop:
				t.Kind, t.External = string(e.role), false
			case roleStore:
				t.Kind, t.External = string(roleTable), false
			case roleJoin, roleLookup:
				t.Kind = "table"
			case roleOutput:
				t.External = false
			}
			t.Packed = t.Packed || e.topic.Packed
			switch {
			case e.topic.Retention < 0:
				t.Retention = "for ever"
			case e.topic.Retention > 0:
				t.Retention = e.topic.Retention.String()
			}
		}
		for _, every := range p.kernel.Every {
			mp.Every = append(mp.Every, every.Interval.String())
		}
		m.Processors = append(m.Processors, mp)
	}
	return m
}

// shownPacked reports whether a topic is marked as packed in texts and drawings: loops always are, and say nothing by it.
func (t modelTopic) shownPacked() bool { return t.Packed && t.Kind != string(roleLoop) }

// state reports whether the topic holds rows.
func (t modelTopic) state() bool { return t.Kind == string(roleTable) || t.Kind == string(roleTimers) }

// label is the name of a topic in drawings.
func (t modelTopic) label() string {
	if t.shownPacked() {
		return t.Name + " (packed)"
	}
	return t.Name
}

// String describes the topology, deterministically, one edge a line in the order of their declaration. Streams that are packed are marked;
// loops are packed and not marked.
func (t *Topology) String() string {
	packed := map[string]bool{}
	for _, topic := range t.model.Topics {
		packed[topic.Name] = topic.shownPacked()
	}
	var s strings.Builder
	fmt.Fprintf(&s, "topology %s\n", t.model.Name)
	for _, p := range t.model.Processors {
		fmt.Fprintf(&s, "  processor %s\n", p.Name)
		for _, e := range p.Edges {
			arrow := "<-"
			if e.Role == roleOutput {
				arrow = "->"
			}
			fmt.Fprintf(&s, "    %-6s %s %s", e.Role, arrow, e.Topic)
			var notes []string
			if e.Clock != "" {
				notes = append(notes, e.Clock)
			}
			if e.Last {
				notes = append(notes, "last")
			}
			if packed[e.Topic] {
				notes = append(notes, "packed")
			}
			if len(notes) > 0 {
				fmt.Fprintf(&s, " (%s)", strings.Join(notes, ", "))
			}
			s.WriteByte('\n')
		}
		for _, interval := range p.Every {
			fmt.Fprintf(&s, "    every  %s\n", interval)
		}
	}
	return s.String()
}
