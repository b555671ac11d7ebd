package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// topicPlan is what the topics of a topology are needed for, and which have to agree in their partition counts.
type topicPlan struct {
	topics map[string]need
	groups []copartitioned
}

// copartitioned are the topics of one processor that are read side by side.
type copartitioned struct {
	processor string
	topics    []string
}

func planTopics(t *kernel.Topology) topicPlan {
	plan := topicPlan{topics: map[string]need{}}
	written, read := map[string]bool{}, map[string]bool{}
	add := func(p *kernel.Processor, topic kernel.Topic, role string) string {
		n := plan.topics[topic.Name]
		n.name = topic.Name
		n.table = n.table || topic.Table
		n.own = n.own || role == roleTable
		n.loop = n.loop || role == roleLoop
		n.ours = n.ours || topic.Create
		n.shared = n.shared || topic.Shared
		n.named = n.named || topic.Packed || strings.HasPrefix(topic.Name, t.Name+"-")
		switch role {
		case roleTable, roleLoop, roleOutput:
			n.ours = true
			written[topic.Name] = written[topic.Name] || role == roleOutput
		default:
			read[topic.Name] = read[topic.Name] || role == roleInput
			n.readers = append(n.readers, fmt.Sprintf("processor %q reads it as its %s", p.Name, role))
		}
		if topic.Retention != 0 {
			n.retention = topic.Retention
		}
		n.maxBytes = max(n.maxBytes, topic.MaxBytes)
		if topic.Partitions != 0 {
			n.partitions = topic.Partitions
		}
		if topic.Configs != nil {
			n.settings = topic.Configs
		}
		plan.topics[topic.Name] = n
		return topic.Name
	}
	for _, p := range t.Processors {
		group := copartitioned{processor: p.Name}
		for _, in := range p.Inputs {
			group.topics = append(group.topics, add(p, in.Topic, roleInput))
		}
		if p.Loop != nil {
			group.topics = append(group.topics, add(p, p.Loop.Topic, roleLoop))
		}
		for _, own := range p.OwnTables() {
			group.topics = append(group.topics, add(p, own.Topic, roleTable))
		}
		for _, join := range p.Joins {
			group.topics = append(group.topics, add(p, join.Topic, roleJoin))
		}
		for _, lookup := range p.Lookups {
			add(p, lookup.Topic, roleLookup)
		}
		for _, out := range p.Outputs {
			add(p, out.Topic, roleOutput)
		}
		plan.groups = append(plan.groups, group)
	}
	for name, n := range plan.topics {
		n.internal = written[name] && read[name] && !n.table && n.retention == 0 && !n.shared
		plan.topics[name] = n
	}
	if t.DeadLetters != nil {
		name := add(nil, *t.DeadLetters, roleOutput)
		n := plan.topics[name]
		n.keeps = true
		plan.topics[name] = n
	}
	return plan
}

// What a topic is to a processor.
const (
	roleInput  = "input"
	roleLoop   = "loop"
	roleTable  = "table"
	roleJoin   = "join"
	roleLookup = "lookup"
	roleOutput = "output"
)

// counts returns the partition count of every topic, those of existing given, and an error for each that does not fit another.
// Topics that must agree are a set, across processors; its count is that of its members that exist, or else the default.
func (plan topicPlan) counts(existing map[string]int32, otherwise int32) (map[string]int32, []error) {
	parent := map[string]string{}
	var root func(string) string
	root = func(name string) string {
		if up, ok := parent[name]; ok && up != name {
			parent[name] = root(up)
			return parent[name]
		}
		return name
	}
	for _, g := range plan.groups {
		for _, name := range g.topics[min(1, len(g.topics)):] {
			parent[root(name)] = root(g.topics[0])
		}
	}
	counts := maps.Clone(existing)
	if counts == nil {
		counts = map[string]int32{}
	}
	// A declared count speaks for topics that are to be created, and for those that have to agree with them; one that exists is as it is.
	ofSet := map[string]int32{}
	for _, name := range slices.Sorted(maps.Keys(existing)) {
		if _, ok := ofSet[root(name)]; !ok {
			ofSet[root(name)] = existing[name]
		}
	}
	for _, name := range slices.Sorted(maps.Keys(plan.topics)) {
		if n := plan.topics[name].partitions; n != 0 && existing[name] == 0 {
			if _, ok := ofSet[root(name)]; !ok {
				ofSet[root(name)] = n
			}
		}
	}
	for name, n := range plan.topics {
		if _, ok := existing[name]; ok {
			continue
		}
		counts[name] = otherwise
		if of, ok := ofSet[root(name)]; ok {
			counts[name] = of
		}
		if n.partitions != 0 {
			counts[name] = n.partitions
		}
	}
	var errs []error
	for _, g := range plan.groups {
		if len(g.topics) == 0 {
			continue
		}
		first := g.topics[0]
		for _, name := range g.topics[1:] {
			if counts[name] != counts[first] {
				errs = append(errs, fmt.Errorf("processor %q: topic %q has %d partitions and topic %q has %d; they are read side by side and must have as many",
					g.processor, first, counts[first], name, counts[name]))
			}
		}
	}
	return counts, errs
}
