package repair

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Accept takes what is lost for lost and keeps the rest: committed offsets that the logs do not have are moved to the Start, and tables are taken
// as they are.
func Accept(ctx context.Context, c *cluster.Client, o Options) error {
	processors, err := chosen(ctx, c, o)
	if err != nil {
		return err
	}
	policy := o.Policy
	policy.OnlyOurs, policy.StateIsLost = true, true
	missing, err := missingTopics(ctx, c, processors)
	if err != nil {
		return err
	}
	for _, topic := range missing {
		o.sayf("topic %q is made, and is empty", topic)
	}
	if !o.DryRun {
		if err := cluster.EnsureTopics(ctx, c, o.Topology, policy); err != nil {
			return err
		}
		missing = nil
	}
	said := false
	for _, p := range processors {
		moved, err := accept(ctx, c, o, p, missing)
		if err != nil {
			return fmt.Errorf("processor %q: %w", p.Name, err)
		}
		said = said || moved
	}
	if !said && len(missing) == 0 {
		o.sayf("nothing is lost of processors %s", names(processors))
	}
	return nil
}

// missingTopics lists the topics of processors' work that do not exist.
func missingTopics(ctx context.Context, c *cluster.Client, processors []*kernel.Processor) ([]string, error) {
	need := map[string]bool{}
	for _, p := range processors {
		for _, topic := range inputs(p) {
			need[topic] = true
		}
		for _, own := range p.OwnTables() {
			need[own.Topic.Name] = true
		}
	}
	topics := slices.Sorted(maps.Keys(need))
	existing, err := c.Existing(ctx, topics...)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(topics, func(topic string) bool { _, ok := existing[topic]; return ok }), nil
}

// accept moves what is lost of one processor, and reports whether anything is. Topics that are missing are looked at as empty.
func accept(ctx context.Context, c *cluster.Client, o Options, p *kernel.Processor, missing []string) (bool, error) {
	topics := slices.DeleteFunc(inputs(p), func(topic string) bool { return slices.Contains(missing, topic) })
	committed, err := c.CommittedBy(ctx, p.Group)
	if err != nil || len(topics) == 0 || len(committed) == 0 {
		return false, err
	}
	ids, err := c.TopicIDs(ctx, topics...)
	if err != nil {
		return false, err
	}
	starts, err := c.Starts(ctx, topics...)
	if err != nil {
		return false, err
	}
	ends, err := c.Ends(ctx, topics...)
	if err != nil {
		return false, err
	}
	to, err := startsOf(ctx, c, o.Start, topics)
	if err != nil {
		return false, err
	}
	logs, err := changelogs(ctx, c, p, missing)
	if err != nil {
		return false, err
	}
	offsets := map[kernel.TopicPartition]cluster.CommittedOffset{}
	for _, tp := range slices.SortedFunc(maps.Keys(committed), compare) {
		i, at := int(tp.Partition), committed[tp]
		if i >= min(len(starts[tp.Topic]), len(ends[tp.Topic]), len(to[tp.Topic])) {
			continue
		}
		seen, err := fence.ParseSeen(at.Metadata)
		if err != nil {
			seen = fence.Seen{}
		}
		next, was := at.Next, seen.Mark
		another := was.Input != fence.TopicID{} && was.Input != ids[tp.Topic]
		if another || next < starts[tp.Topic][i] || next > ends[tp.Topic][i] {
			next = to[tp.Topic][i]
			o.sayf("group %q goes on at offset %d of topic %q, partition %d: %d is committed, the log has %d to %d",
				p.Group, next, tp.Topic, tp.Partition, at.Next, starts[tp.Topic][i], ends[tp.Topic][i])
			seen = fence.Seen{}
		}
		seen.Mark = fence.Mark{Input: ids[tp.Topic], Changelogs: logs[tp.Partition]}
		for topic, l := range was.Changelogs {
			if now := logs[tp.Partition][topic]; now.Topic != l.Topic || now.Next < l.Next || now.Start > l.Start {
				o.sayf("group %q takes partition %d of table topic %q as it is: it has offsets %d to %d, and had %d to %d", p.Group, tp.Partition, topic, now.Start, now.Next, l.Start, l.Next)
			}
		}
		text, err := seen.Text()
		if err != nil {
			return false, err
		}
		if next != at.Next || text != at.Metadata {
			offsets[tp] = cluster.CommittedOffset{Next: next, Metadata: text}
		}
	}
	if o.DryRun || len(offsets) == 0 {
		return len(offsets) > 0, nil
	}
	return true, c.CommitOffsets(ctx, cluster.Nobody(p.Group), offsets)
}

func compare(a, b kernel.TopicPartition) int {
	if a.Topic != b.Topic {
		if a.Topic < b.Topic {
			return -1
		}
		return 1
	}
	return int(a.Partition - b.Partition)
}
