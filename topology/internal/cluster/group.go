package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// ErrNotMember says that a group does not count a member among those of its present generation: it was thrown out, another process
// has its instance id, or the group has a later generation. What the member still writes must not count.
var ErrNotMember = errors.New("not a member of the group's present generation")

// Member is a member of a consumer group in one of its generations.
type Member struct {
	Group      string
	ID         string
	Generation int32
	Instance   string // static membership; empty: none
}

func (m Member) instance() *string {
	if m.Instance == "" {
		return nil
	}
	return &m.Instance
}

// CommittedOffset is a committed offset and what was committed with it.
type CommittedOffset struct {
	Next     int64 // the offset that comes next; -1: none is committed
	Metadata string
}

// Heartbeat tells the group that the member is alive. It reports whether the group waits for its members to join again. The error is
// [ErrNotMember], or that of a group that cannot be asked.
func (c *Client) Heartbeat(ctx context.Context, m Member) (rebalancing bool, err error) {
	req := kmsg.NewPtrHeartbeatRequest()
	req.Group, req.MemberID, req.Generation, req.InstanceID = m.Group, m.ID, m.Generation, m.instance()
	resp, err := req.RequestWith(ctx, c.kafka)
	if err == nil {
		err = MemberError(resp.ErrorCode)
	}
	if errors.Is(err, kerr.RebalanceInProgress) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("heartbeat of group %q: %w", m.Group, Denied(err, Group, m.Group, "Read"))
	}
	return false, nil
}

// MemberError is the error of a response's code; those that say that the member is none wrap [ErrNotMember].
func MemberError(code int16) error {
	err := kerr.ErrorForCode(code)
	switch {
	case errors.Is(err, kerr.UnknownMemberID), errors.Is(err, kerr.IllegalGeneration), errors.Is(err, kerr.FencedInstanceID),
		errors.Is(err, kerr.FencedMemberEpoch), errors.Is(err, kerr.StaleMemberEpoch):
		return fmt.Errorf("%w: %w", ErrNotMember, err)
	}
	return err
}

// unstable is the pause before offsets are asked for again that an open transaction is about to commit; unstableSaid is how often that is said.
const (
	unstable     = 20 * time.Millisecond
	unstableSaid = 10 * time.Second
)

// StableOffsets returns what a group has committed for partitions. Where a transaction that commits offsets is open it waits for its end
// (KIP-447), until ctx is done, or with [ErrHangs] where the end does not come.
func (c *Client) StableOffsets(ctx context.Context, group string, partitions []kernel.TopicPartition) (map[kernel.TopicPartition]CommittedOffset, error) {
	var wait *TransactionWait
	for said := time.Now(); ; {
		offsets, err := c.stableOffsets(ctx, group, partitions)
		if !errors.Is(err, kerr.UnstableOffsetCommit) {
			if err == nil {
				c.waits.over("offsets of " + group)
			}
			return offsets, err
		}
		if wait == nil {
			wait = c.AwaitTransactions(group, "offsets of "+group)
		}
		if time.Since(said) >= unstableSaid {
			said = time.Now()
			c.settings.Logger.Warn("waits for the end of a transaction that commits offsets", "group", group, "waited", wait.Waited(), "error", err)
		}
		if hangs := wait.Hangs(ctx); hangs != nil {
			return nil, fmt.Errorf(`%w: it commits offsets: %w; "kafka-transactions.sh find-hanging" and "abort" end it, on all partitions that it is open on, `+
				"and what it was made from is processed again", hangs, err)
		}
		select {
		case <-time.After(unstable):
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
	}
}

func (c *Client) stableOffsets(ctx context.Context, group string, partitions []kernel.TopicPartition) (map[kernel.TopicPartition]CommittedOffset, error) {
	req := kmsg.NewPtrOffsetFetchRequest()
	req.Group, req.RequireStable = group, true
	of := kmsg.NewOffsetFetchRequestGroup()
	of.Group = group
	for topic, list := range byTopic(partitions) {
		t := kmsg.NewOffsetFetchRequestTopic()
		t.Topic, t.Partitions = topic, list
		req.Topics = append(req.Topics, t)
		gt := kmsg.NewOffsetFetchRequestGroupTopic()
		gt.Topic, gt.Partitions = topic, list
		of.Topics = append(of.Topics, gt)
	}
	req.Groups = append(req.Groups, of)
	resp, err := req.RequestWith(ctx, c.kafka)
	if err != nil {
		return nil, fmt.Errorf("fetch offsets of group %q: %w", group, Denied(err, Group, group, "Read"))
	}
	offsets := map[kernel.TopicPartition]CommittedOffset{}
	add := func(topic string, partition int32, next int64, metadata *string, code int16) error {
		if err := kerr.ErrorForCode(code); err != nil {
			return fmt.Errorf("fetch offset of group %q, topic %q, partition %d: %w", group, topic, partition, Denied(err, Topic, topic, "Describe"))
		}
		o := CommittedOffset{Next: next}
		if metadata != nil {
			o.Metadata = *metadata
		}
		offsets[kernel.TopicPartition{Topic: topic, Partition: partition}] = o
		return nil
	}
	absent := errors.Is(kerr.ErrorForCode(resp.ErrorCode), kerr.GroupIDNotFound)
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil && !absent {
		return nil, fmt.Errorf("fetch offsets of group %q: %w", group, Denied(err, Group, group, "Read"))
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if err := add(t.Topic, p.Partition, p.Offset, p.Metadata, p.ErrorCode); err != nil {
				return nil, err
			}
		}
	}
	for _, g := range resp.Groups {
		if err := kerr.ErrorForCode(g.ErrorCode); errors.Is(err, kerr.GroupIDNotFound) {
			absent = true
		} else if err != nil {
			return nil, fmt.Errorf("fetch offsets of group %q: %w", group, Denied(err, Group, group, "Read"))
		}
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				if err := add(t.Topic, p.Partition, p.Offset, p.Metadata, p.ErrorCode); err != nil {
					return nil, err
				}
			}
		}
	}
	for _, tp := range partitions {
		if _, ok := offsets[tp]; !ok && absent {
			offsets[tp] = CommittedOffset{Next: -1} // a group that nobody was in yet
		} else if !ok {
			return nil, fmt.Errorf("fetch offset of group %q, topic %q, partition %d: no answer for it", group, tp.Topic, tp.Partition)
		}
	}
	return offsets, nil
}

func byTopic(partitions []kernel.TopicPartition) map[string][]int32 {
	all := map[string][]int32{}
	for _, tp := range partitions {
		all[tp.Topic] = append(all[tp.Topic], tp.Partition)
	}
	return all
}

// OffsetsByTopic groups offsets as requests have them: topic, then partition.
func OffsetsByTopic(offsets map[kernel.TopicPartition]CommittedOffset) map[string]map[int32]CommittedOffset {
	all := map[string]map[int32]CommittedOffset{}
	for tp, o := range offsets {
		if all[tp.Topic] == nil {
			all[tp.Topic] = map[int32]CommittedOffset{}
		}
		all[tp.Topic][tp.Partition] = o
	}
	return all
}

// CommitOffsets commits offsets as a member of its group. The error is [ErrNotMember] if the group does not take the member for one,
// and then nothing is committed.
func (c *Client) CommitOffsets(ctx context.Context, m Member, offsets map[kernel.TopicPartition]CommittedOffset) error {
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group, req.MemberID, req.Generation, req.InstanceID = m.Group, m.ID, m.Generation, m.instance()
	for topic, partitions := range OffsetsByTopic(offsets) {
		t := kmsg.NewOffsetCommitRequestTopic()
		t.Topic = topic
		for partition, o := range partitions {
			p := kmsg.NewOffsetCommitRequestTopicPartition()
			p.Partition, p.Offset, p.Metadata = partition, o.Next, &o.Metadata
			t.Partitions = append(t.Partitions, p)
		}
		req.Topics = append(req.Topics, t)
	}
	resp, err := req.RequestWith(ctx, c.kafka)
	if err != nil {
		return fmt.Errorf("commit offsets of group %q: %w", m.Group, err)
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if err := MemberError(p.ErrorCode); err != nil {
				err = Denied(Denied(err, Group, m.Group, "Read"), Topic, t.Topic, "Read")
				return fmt.Errorf("commit offset of group %q, topic %q, partition %d: %w", m.Group, t.Topic, p.Partition, err)
			}
		}
	}
	return nil
}
