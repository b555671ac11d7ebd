package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// Ends returns the high watermark of every partition of the topics: topic, then partition. What a transaction left behind at
// the end counts; no reader ever gets a record there.
func (c *Client) Ends(ctx context.Context, topics ...string) (map[string][]int64, error) {
	if err := c.reach(ctx); err != nil {
		return nil, fmt.Errorf("list offsets: %w", err)
	}
	return listed(topics)(heeding(ctx, func() (kadm.ListedOffsets, error) { return c.admin.ListEndOffsets(ctx, topics...) }))
}

// After returns the first offset of every partition whose record has a time or a later one; the end where there is none.
func (c *Client) After(ctx context.Context, at time.Time, topics ...string) (map[string][]int64, error) {
	return listed(topics)(heeding(ctx, func() (kadm.ListedOffsets, error) {
		return c.admin.ListOffsetsAfterMilli(ctx, at.UnixMilli(), topics...)
	}))
}

// Starts returns the first offset of every partition of the topics.
func (c *Client) Starts(ctx context.Context, topics ...string) (map[string][]int64, error) {
	return listed(topics)(heeding(ctx, func() (kadm.ListedOffsets, error) { return c.admin.ListStartOffsets(ctx, topics...) }))
}

func listed(topics []string) func(kadm.ListedOffsets, error) (map[string][]int64, error) {
	return func(offsets kadm.ListedOffsets, err error) (map[string][]int64, error) {
		if err != nil {
			return nil, fmt.Errorf("list offsets: %w", err)
		}
		all := map[string][]int64{}
		for _, topic := range topics {
			partitions := offsets[topic]
			if len(partitions) == 0 {
				return nil, fmt.Errorf("list offsets of topic %q: %w", topic, ErrNoTopic)
			}
			at := make([]int64, len(partitions))
			for p, o := range partitions {
				if errors.Is(o.Err, kerr.UnknownTopicOrPartition) {
					return nil, fmt.Errorf("list offsets of topic %q: %w", topic, ErrNoTopic)
				}
				if o.Err != nil {
					return nil, fmt.Errorf("list offset of partition %d of topic %q: %w", p, topic, Denied(o.Err, Topic, topic, "Describe"))
				}
				if p < 0 || int(p) >= len(at) {
					return nil, fmt.Errorf("list offsets of topic %q: partition %d of %d", topic, p, len(at))
				}
				at[p] = o.Offset
			}
			all[topic] = at
		}
		return all, nil
	}
}

// Committed returns the committed offsets of a group: topic, then partition. What has none is absent.
func (c *Client) Committed(ctx context.Context, group string) (map[string]map[int32]int64, error) {
	offsets, err := c.CommittedBy(ctx, group)
	if err != nil {
		return nil, err
	}
	all := map[string]map[int32]int64{}
	for tp, o := range offsets {
		if all[tp.Topic] == nil {
			all[tp.Topic] = map[int32]int64{}
		}
		all[tp.Topic][tp.Partition] = o.Next
	}
	return all, nil
}

// Purge deletes the records of a topic below the offset given for each partition.
func (c *Client) Purge(ctx context.Context, topic string, below map[int32]int64) error {
	offsets := kadm.Offsets{}
	for p, at := range below {
		offsets.Add(kadm.Offset{Topic: topic, Partition: p, At: at, LeaderEpoch: -1})
	}
	responses, err := c.admin.DeleteRecords(ctx, offsets)
	if err == nil {
		err = responses.Error()
	}
	if err != nil {
		return fmt.Errorf("purge topic %q: %w", topic, Denied(err, Topic, topic, "Delete"))
	}
	return nil
}

// StableEnds returns the end of what readers of committed records can see: the high watermark, or the start of the first
// transaction that is still open.
func (c *Client) StableEnds(ctx context.Context, topics ...string) (map[string][]int64, error) {
	return listed(topics)(heeding(ctx, func() (kadm.ListedOffsets, error) { return c.admin.ListCommittedOffsets(ctx, topics...) }))
}
