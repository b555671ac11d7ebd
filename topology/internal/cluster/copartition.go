package cluster

import (
	"fmt"
	"maps"
	"slices"

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
	add := func(topic kernel.Topic, loop bool) string {
		n := plan.topics[topic.Name]
		n.name = topic.Name
		n.table = n.table || topic.Table
		n.loop = n.loop || loop
		if topic.Retention != 0 {
			n.retention = topic.Retention
		}
		plan.topics[topic.Name] = n
		return topic.Name
	}
	for _, p := range t.Processors {
		group := copartitioned{processor: p.Name}
		for _, in := range p.Inputs {
			group.topics = append(group.topics, add(in.Topic, false))
		}
		if p.Loop != nil {
			group.topics = append(group.topics, add(p.Loop.Topic, true))
		}
		for _, own := range p.OwnTables() {
			group.topics = append(group.topics, add(own.Topic, false))
		}
		for _, join := range p.Joins {
			group.topics = append(group.topics, add(join.Topic, false))
		}
		for _, lookup := range p.Lookups {
			add(lookup.Topic, false)
		}
		for _, out := range p.Outputs {
			add(out.Topic, false)
		}
		plan.groups = append(plan.groups, group)
	}
	return plan
}

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
	ofSet := map[string]int32{}
	for _, name := range slices.Sorted(maps.Keys(existing)) {
		if _, ok := ofSet[root(name)]; !ok {
			ofSet[root(name)] = existing[name]
		}
	}
	for name := range plan.topics {
		if _, ok := existing[name]; ok {
			continue
		}
		counts[name] = otherwise
		if n, ok := ofSet[root(name)]; ok {
			counts[name] = n
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
