package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// ErrStateMissing says that a group has committed what stands on state that is not there: a changelog, or a stream on its way, is gone, was
// emptied or made anew, or is shorter than it was.
var ErrStateMissing = errors.New("state is missing")

// WayOut is what can be done where state is missing.
func WayOut(processor string) string {
	return fmt.Sprintf(`bring the topic back if that can be done; otherwise "eddy restore --from-local" writes a table again from a worker's disk, `+
		`and "eddy reset" has the inputs processed again from their start (processor %q)`, processor)
}

// checkState refuses to create what groups have worked with: a topic that is missing then is no first start.
func (c *Client) checkState(ctx context.Context, t *kernel.Topology, existing map[string]int32, known func(string) bool) error {
	plan := planTopics(t)
	var errs []error
	for _, p := range t.Processors {
		missing := missingState(p, plan, existing)
		if len(missing) == 0 {
			continue
		}
		committed, err := c.CommittedBy(ctx, p.Group)
		if err != nil {
			return fmt.Errorf("processor %q: %w", p.Name, err)
		}
		for _, topic := range missing {
			why, err := c.stoodOn(ctx, p, topic, committed, existing)
			if err != nil {
				return fmt.Errorf("processor %q: %w", p.Name, err)
			}
			if why == "" && known != nil && known(topic) {
				why = "the local store has rows of it"
			}
			if why != "" {
				errs = append(errs, fmt.Errorf("processor %q: %w: topic %q does not exist, and %s; %s", p.Name, ErrStateMissing, topic, why, WayOut(p.Name)))
			}
		}
	}
	return errors.Join(errs...)
}

// missingState lists the topics that a processor's work is in and that do not exist.
func missingState(p *kernel.Processor, plan topicPlan, existing map[string]int32) []string {
	var topics []string
	add := func(name string) {
		if _, ok := existing[name]; !ok {
			topics = append(topics, name)
		}
	}
	for _, own := range p.OwnTables() {
		add(own.Topic.Name)
	}
	if p.Loop != nil {
		add(p.Loop.Topic.Name)
	}
	for _, in := range p.Inputs {
		if plan.topics[in.Topic.Name].internal {
			add(in.Topic.Name)
		}
	}
	return topics
}

// stoodOn says what of a group's commits stands on a topic; nothing if none does.
func (c *Client) stoodOn(ctx context.Context, p *kernel.Processor, topic string, committed map[kernel.TopicPartition]CommittedOffset, existing map[string]int32) (string, error) {
	table := slices.ContainsFunc(p.OwnTables(), func(own *kernel.Table) bool { return own.Topic.Name == topic })
	var unmarked []kernel.TopicPartition // that do not say what they stand on
	for tp, at := range committed {
		if !table {
			if tp.Topic == topic && at.Next > 0 {
				return fmt.Sprintf("group %q has committed offset %d of its partition %d", p.Group, at.Next, tp.Partition), nil
			}
			continue
		}
		seen, err := fence.ParseSeen(at.Metadata)
		if err != nil {
			continue // whoever reads the partition says so
		}
		if l, ok := seen.Mark.Changelogs[topic]; ok {
			return fmt.Sprintf("group %q has committed offset %d of topic %q, partition %d, with the table up to offset %d of the topic with id %s",
				p.Group, at.Next, tp.Topic, tp.Partition, l.Next, l.Topic), nil
		}
		if _, there := existing[tp.Topic]; there && seen.Mark.Input == (fence.TopicID{}) && at.Next > 0 {
			unmarked = append(unmarked, tp)
		}
	}
	if len(unmarked) == 0 {
		return "", nil
	}
	topics := map[string]bool{}
	for _, tp := range unmarked {
		topics[tp.Topic] = true
	}
	starts, err := c.Starts(ctx, slices.Sorted(maps.Keys(topics))...)
	if err != nil {
		return "", err
	}
	for _, tp := range unmarked {
		if at := committed[tp].Next; int(tp.Partition) < len(starts[tp.Topic]) && at > starts[tp.Topic][tp.Partition] {
			return fmt.Sprintf("group %q has committed offset %d of topic %q, partition %d", p.Group, at, tp.Topic, tp.Partition), nil
		}
	}
	return "", nil
}

// CommittedBy returns what a group has committed, with its metadata. What has nothing is absent.
func (c *Client) CommittedBy(ctx context.Context, group string) (map[kernel.TopicPartition]CommittedOffset, error) {
	offsets, err := c.admin.FetchOffsets(ctx, group)
	for began := time.Now(); starting(err) && time.Since(began) < startsWithin; {
		select {
		case <-time.After(startsEvery):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		offsets, err = c.admin.FetchOffsets(ctx, group)
	}
	if errors.Is(err, kerr.GroupIDNotFound) {
		return nil, nil //nolint:nilnil // an absent group has committed nothing
	}
	if err != nil {
		return nil, fmt.Errorf("fetch offsets of group %q: %w", group, Denied(err, Group, group, "Read"))
	}
	all := map[kernel.TopicPartition]CommittedOffset{}
	for topic, partitions := range offsets {
		for p, o := range partitions {
			if o.Err != nil {
				return nil, fmt.Errorf("fetch offset of group %q, topic %q, partition %d: %w", group, topic, p, Denied(o.Err, Topic, topic, "Describe"))
			}
			if o.At >= 0 {
				all[kernel.TopicPartition{Topic: topic, Partition: p}] = CommittedOffset{Next: o.At, Metadata: o.Metadata}
			}
		}
	}
	return all, nil
}

// A group's coordinator starts at its first use, which on a new cluster takes seconds.
const (
	startsWithin = 15 * time.Second
	startsEvery  = 50 * time.Millisecond
)

// starting reports whether an error says that a group's coordinator is not there yet.
func starting(err error) bool {
	return errors.Is(err, kerr.CoordinatorNotAvailable) || errors.Is(err, kerr.CoordinatorLoadInProgress) || errors.Is(err, kerr.NotCoordinator)
}
