package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Purged lists the topics of a topology that are deleted from behind their readers: loops, and streams that its processors both write
// and read and that have no retention of their own. A topic that does not bear the topology's name may be somebody else's: it is only
// listed if it has the settings that internal streams are created with. Topics that do not exist are left out.
func Purged(ctx context.Context, c *Client, t *kernel.Topology) ([]string, error) {
	plan := planTopics(t)
	var names, unsure []string
	for _, name := range slices.Sorted(maps.Keys(plan.topics)) {
		switch n := plan.topics[name]; {
		case n.loop, n.internal && n.named:
			names = append(names, name)
		case n.internal:
			unsure = append(unsure, name)
		}
	}
	if len(unsure) == 0 {
		return names, nil
	}
	configs, err := c.configs(ctx, unsure...)
	if err != nil {
		return nil, err
	}
	for _, name := range unsure {
		have := configs[name]
		if have["cleanup.policy"] == "delete" && have["retention.ms"] == "-1" && have["segment.bytes"] == strconv.Itoa(InternalSegmentBytes) {
			names = append(names, name)
		}
	}
	return names, nil
}

// Unread returns, by partition, the least offset that a group has committed of the topics, over all groups of the cluster that have committed
// any of the topic, and over the groups that are given, which count also where they have committed nothing: such a partition is left out.
func (c *Client) Unread(ctx context.Context, readers map[string][]string) (map[kernel.TopicPartition]int64, error) {
	listed, err := c.admin.ListGroups(ctx)
	if err != nil {
		return nil, fmt.Errorf("list groups: %w", err)
	}
	groups := map[string]bool{}
	for _, name := range listed.Groups() {
		groups[name] = true
	}
	for _, of := range readers {
		for _, group := range of {
			groups[group] = true
		}
	}
	counts := map[string]int32{}
	for topic := range readers {
		if counts[topic], err = c.Partitions(ctx, topic); err != nil {
			return nil, err
		}
	}
	committed, err := c.committedOf(ctx, slices.Sorted(maps.Keys(groups)), counts)
	if err != nil {
		return nil, err
	}
	least := map[kernel.TopicPartition]int64{}
	for topic, n := range counts {
		for p := range n {
			tp := kernel.TopicPartition{Topic: topic, Partition: p}
			at, all := int64(-1), true
			for group := range groups {
				next, ok := committed[group][tp]
				switch {
				case ok && (at < 0 || next < at):
					at = next
				case !ok && slices.Contains(readers[topic], group):
					all = false
				}
			}
			if all && at >= 0 {
				least[tp] = at
			}
		}
	}
	return least, nil
}

// committedOf asks for what many groups have committed of some topics. A group that may not be described has committed nothing.
func (c *Client) committedOf(ctx context.Context, groups []string, counts map[string]int32) (map[string]map[kernel.TopicPartition]int64, error) {
	all := map[string]map[kernel.TopicPartition]int64{}
	if len(groups) == 0 || len(counts) == 0 {
		return all, nil
	}
	req := kmsg.NewPtrOffsetFetchRequest()
	for _, group := range groups {
		of := kmsg.NewOffsetFetchRequestGroup()
		of.Group = group
		for _, topic := range slices.Sorted(maps.Keys(counts)) {
			t := kmsg.NewOffsetFetchRequestGroupTopic()
			t.Topic = topic
			for p := range counts[topic] {
				t.Partitions = append(t.Partitions, p)
			}
			of.Topics = append(of.Topics, t)
		}
		req.Groups = append(req.Groups, of)
	}
	for _, shard := range c.kafka.RequestSharded(ctx, req) {
		if shard.Err != nil {
			return nil, fmt.Errorf("fetch offsets of groups: %w", shard.Err)
		}
		resp, ok := shard.Resp.(*kmsg.OffsetFetchResponse)
		if !ok {
			return nil, fmt.Errorf("fetch offsets of groups: response of type %T", shard.Resp)
		}
		for _, g := range resp.Groups {
			if err := kerr.ErrorForCode(g.ErrorCode); errors.Is(err, kerr.GroupAuthorizationFailed) {
				continue
			} else if err != nil {
				return nil, fmt.Errorf("fetch offsets of group %q: %w", g.Group, err)
			}
			all[g.Group] = map[kernel.TopicPartition]int64{}
			for _, t := range g.Topics {
				for _, p := range t.Partitions {
					if p.ErrorCode == 0 && p.Offset >= 0 {
						all[g.Group][kernel.TopicPartition{Topic: t.Topic, Partition: p.Partition}] = p.Offset
					}
				}
			}
		}
	}
	return all, nil
}
