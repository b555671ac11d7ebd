package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
)

// Members is how many members a group has; static members count until their session ends.
func (c *Client) Members(ctx context.Context, group string) (int, error) {
	described, err := c.admin.DescribeGroups(ctx, group)
	if err != nil {
		return 0, fmt.Errorf("describe group %q: %w", group, Denied(err, Group, group, "Describe"))
	}
	g := described[group]
	if g.Err != nil && !errors.Is(g.Err, kerr.GroupIDNotFound) {
		return 0, fmt.Errorf("describe group %q: %w", group, Denied(g.Err, Group, group, "Describe"))
	}
	return len(g.Members), nil
}

// Existing returns the numbers of partitions of those topics that exist.
func (c *Client) Existing(ctx context.Context, topics ...string) (map[string]int32, error) {
	found, _, err := c.existing(ctx, topics)
	return found, err
}

// DeleteTopics deletes topics, and returns when the brokers know of none of them.
func (c *Client) DeleteTopics(ctx context.Context, topics ...string) error {
	if len(topics) == 0 {
		return nil
	}
	responses, err := c.admin.DeleteTopics(ctx, topics...)
	if err != nil {
		return fmt.Errorf("delete topics: %w", err)
	}
	for _, topic := range slices.Sorted(maps.Keys(responses)) {
		if err := responses[topic].Err; err != nil && !errors.Is(err, kerr.UnknownTopicOrPartition) {
			return fmt.Errorf("delete topic %q: %w", topic, Denied(err, Topic, topic, "Delete"))
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, visibleWithin, fmt.Errorf("not gone within %s", visibleWithin))
	defer cancel()
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		left, err := c.Existing(ctx, topics...)
		if err == nil && len(left) == 0 {
			c.mu.Lock()
			for _, topic := range topics {
				delete(c.topics, topic)
			}
			c.mu.Unlock()
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("delete topics %q: %w", slices.Sorted(maps.Keys(left)), errors.Join(context.Cause(ctx), err))
		case <-time.After(pause):
		}
	}
}

// Nobody commits offsets of a group without members.
func Nobody(group string) Member { return Member{Group: group, Generation: -1} }
