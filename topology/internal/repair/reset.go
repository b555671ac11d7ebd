package repair

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Options are what is repaired and how.
type Options struct {
	Topology   *kernel.Topology
	Policy     cluster.Policy // of the topics that are created
	Processors []string       // names; empty: all
	Start      kernel.Start   // where inputs begin again
	DryRun     bool
	// Say is told of each step before it is done, or would be.
	Say func(step string)
}

func (o *Options) sayf(format string, args ...any) { o.Say(fmt.Sprintf(format, args...)) }

// chosen are the processors that are repaired. None of their groups may have members.
func chosen(ctx context.Context, c *cluster.Client, o Options) ([]*kernel.Processor, error) {
	var list []*kernel.Processor
	var errs []error
	for _, name := range o.Processors {
		i := slices.IndexFunc(o.Topology.Processors, func(p *kernel.Processor) bool { return p.Name == name })
		if i < 0 {
			errs = append(errs, fmt.Errorf("topology %q has no processor %q", o.Topology.Name, name))
			continue
		}
		list = append(list, o.Topology.Processors[i])
	}
	if len(o.Processors) == 0 {
		list = o.Topology.Processors
	}
	for _, p := range list {
		n, err := c.Members(ctx, p.Group)
		if err == nil && n > 0 {
			err = fmt.Errorf("group %q has %d members: stop all workers first (one that was stopped counts until its session timeout has passed)", p.Group, n)
		}
		errs = append(errs, err)
	}
	return list, errors.Join(errs...)
}

// inputs are the topics that a processor commits offsets of.
func inputs(p *kernel.Processor) []string {
	var topics []string
	for _, in := range p.Inputs {
		topics = append(topics, in.Topic.Name)
	}
	if p.Loop != nil {
		topics = append(topics, p.Loop.Topic.Name)
	}
	return topics
}

// Reset has processors begin anew: their tables and loops, and the streams between them, are deleted and made again, and their groups begin
// at the Start of the other inputs. Processors that read what is purged are reset together with those that write it, or not at all.
func Reset(ctx context.Context, c *cluster.Client, o Options) error {
	processors, err := chosen(ctx, c, o)
	if err != nil {
		return err
	}
	purged, err := cluster.Purged(ctx, c, o.Topology)
	if err != nil && !errors.Is(err, cluster.ErrNoTopic) {
		return err
	}
	doomed, err := ownTopics(o, processors, purged)
	if err != nil {
		return err
	}
	existing, err := c.Existing(ctx, doomed...)
	if err != nil {
		return err
	}
	for _, topic := range doomed {
		if _, ok := existing[topic]; !ok {
			o.sayf("topic %q is made", topic)
		}
	}
	anew := doomed
	doomed = slices.Sorted(maps.Keys(existing))
	for _, topic := range doomed {
		o.sayf("topic %q, with %d partitions, is deleted and made again", topic, existing[topic])
	}
	for _, p := range processors {
		for _, topic := range inputs(p) {
			if !slices.Contains(anew, topic) {
				o.sayf("group %q begins topic %q at %s", p.Group, topic, spell(o.Start))
			}
		}
	}
	if o.DryRun {
		return nil
	}
	// The epochs are kept: what former owners wrote must not count again.
	before := map[string]map[kernel.TopicPartition]cluster.CommittedOffset{}
	for _, p := range processors {
		if before[p.Group], err = c.CommittedBy(ctx, p.Group); err != nil {
			return err
		}
	}
	if err := c.DeleteTopics(ctx, doomed...); err != nil {
		return err
	}
	policy := o.Policy
	policy.OnlyOurs, policy.StateIsLost = true, true
	if err := cluster.EnsureTopics(ctx, c, o.Topology, policy); err != nil {
		return err
	}
	for _, p := range processors {
		if err := commitStart(ctx, c, p, o.Start, before[p.Group]); err != nil {
			return fmt.Errorf("processor %q: %w", p.Name, err)
		}
	}
	return nil
}

func spell(s kernel.Start) string {
	switch {
	case s.Newest:
		return "its end"
	case !s.Since.IsZero():
		return "the first record since " + s.Since.Format(time.RFC3339)
	}
	return "its oldest record"
}

// ownTopics are the topics that hold the work of processors. It is an error to reset who reads a stream that is purged, and not who writes it:
// what was processed would not come again.
func ownTopics(o Options, processors []*kernel.Processor, purged []string) ([]string, error) {
	var topics []string
	var errs []error
	for _, p := range processors {
		for _, own := range p.OwnTables() {
			topics = append(topics, own.Topic.Name)
		}
		if p.Loop != nil {
			topics = append(topics, p.Loop.Topic.Name)
		}
		for _, in := range p.Inputs {
			name := in.Topic.Name
			if !slices.Contains(purged, name) {
				continue
			}
			topics = append(topics, name)
			for _, q := range o.Topology.Processors {
				if !slices.Contains(processors, q) && (writes(q, name) || slices.Contains(inputs(q), name)) {
					errs = append(errs, fmt.Errorf("processor %q reads topic %q, of which what was processed is deleted: reset processor %q, which uses it, too", p.Name, name, q.Name))
				}
			}
		}
	}
	slices.Sort(topics)
	return slices.Compact(topics), errors.Join(errs...)
}

func writes(p *kernel.Processor, topic string) bool {
	return slices.ContainsFunc(p.Outputs, func(out *kernel.Output) bool { return out.Topic.Name == topic })
}

// commitStart commits where a processor begins, with the new topics as what that stands on.
func commitStart(ctx context.Context, c *cluster.Client, p *kernel.Processor, start kernel.Start, before map[kernel.TopicPartition]cluster.CommittedOffset) error {
	topics := inputs(p)
	at, err := startsOf(ctx, c, start, topics)
	if err != nil {
		return err
	}
	ids, err := c.TopicIDs(ctx, topics...)
	if err != nil {
		return err
	}
	logs, err := changelogs(ctx, c, p, nil)
	if err != nil {
		return err
	}
	offsets := map[kernel.TopicPartition]cluster.CommittedOffset{}
	for _, topic := range topics {
		for partition, next := range at[topic] {
			tp := kernel.TopicPartition{Topic: topic, Partition: int32(partition)}
			seen, err := fence.ParseSeen(before[tp].Metadata)
			if err != nil {
				seen = fence.Seen{}
			}
			seen.Forget(fence.StreamClock) // time begins anew, too
			seen.Mark = fence.Mark{Input: ids[topic], Changelogs: logs[int32(partition)]}
			text, err := seen.Text()
			if err != nil {
				return err
			}
			offsets[tp] = cluster.CommittedOffset{Next: next, Metadata: text}
		}
	}
	return c.CommitOffsets(ctx, cluster.Nobody(p.Group), offsets)
}

// startsOf finds a place in topics.
func startsOf(ctx context.Context, c *cluster.Client, start kernel.Start, topics []string) (map[string][]int64, error) {
	switch {
	case start.Newest:
		return c.Ends(ctx, topics...)
	case !start.Since.IsZero():
		return c.After(ctx, start.Since, topics...)
	}
	return c.Starts(ctx, topics...)
}

// changelogs are the logs of a processor's own tables as they are, by partition and topic, without those of missing topics.
func changelogs(ctx context.Context, c *cluster.Client, p *kernel.Processor, missing []string) (map[int32]map[string]fence.Log, error) {
	var topics []string
	for _, own := range p.OwnTables() {
		if !slices.Contains(missing, own.Topic.Name) {
			topics = append(topics, own.Topic.Name)
		}
	}
	all := map[int32]map[string]fence.Log{}
	if len(topics) == 0 {
		return all, nil
	}
	ids, err := c.TopicIDs(ctx, topics...)
	if err != nil {
		return nil, err
	}
	starts, err := c.Starts(ctx, topics...)
	if err != nil {
		return nil, err
	}
	ends, err := c.Ends(ctx, topics...)
	if err != nil {
		return nil, err
	}
	for _, topic := range topics {
		for i := range int32(min(len(starts[topic]), len(ends[topic]))) {
			if all[i] == nil {
				all[i] = map[string]fence.Log{}
			}
			all[i][topic] = fence.Log{Topic: ids[topic], Start: starts[topic][i], Next: ends[topic][i]}
		}
	}
	return all, nil
}

// names lists processors for a message.
func names(processors []*kernel.Processor) string {
	list := make([]string, len(processors))
	for i, p := range processors {
		list[i] = fmt.Sprintf("%q", p.Name)
	}
	return strings.Join(list, ", ")
}
