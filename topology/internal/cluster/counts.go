package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eddystream/eddy/topology/internal/fence"
)

// countFor is how long a number of partitions is believed before it is asked for again.
const countFor = 5 * time.Second

// ErrTopicChanged says that a topic is not what it was: it has more partitions, was made anew, or is gone.
var ErrTopicChanged = errors.New("topic has changed")

// knownTopic is what is known of a topic, and since when.
type knownTopic struct {
	id         fence.TopicID // the zero value: not known
	partitions int32
	asked      time.Time
	absent     time.Time // since when it is; zero: it is there
}

// Partitions is the number of partitions of a topic. It is asked for every few seconds at most, and what it has grown to is told by
// [Client.OnChange]. The error is [ErrNoTopic] if the topic does not exist.
func (c *Client) Partitions(ctx context.Context, topic string) (int32, error) {
	c.mu.Lock()
	known := c.topics[topic]
	var n int32
	if known != nil {
		n = known.partitions
		if time.Since(known.asked) < countFor {
			c.mu.Unlock()
			return n, nil
		}
		known.asked = time.Now() // others go on with what is known meanwhile
	}
	c.mu.Unlock()
	d, err := c.describe(ctx, topic)
	switch {
	case err == nil:
		c.learn(topic, d)
		return d.partitions, nil
	case errors.Is(err, ErrNoTopic):
		if c.learn(topic, topicState{}); c.isAbsent(topic) {
			return 0, err
		}
		return n, nil
	case n > 0:
		return n, nil // the brokers are away; whoever needs them will say so
	}
	return 0, err
}

// isAbsent reports whether a topic has not been there for long enough to be believed, or was never.
func (c *Client) isAbsent(topic string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.topics[topic]
	return known == nil || !known.absent.IsZero() && time.Since(known.absent) >= absentFor
}

// OnChange has fn called when a topic that the client has asked for before has more partitions, or fewer, or another id, or is gone. It is
// called by who asks, and must be quick.
func (c *Client) OnChange(fn func(error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed = fn
}

// Refresh asks for topics whatever is known of them. What has changed is told by [Client.OnChange].
func (c *Client) Refresh(ctx context.Context, topics ...string) error {
	m, err := c.metadata(ctx, topics...)
	if err != nil {
		return err
	}
	for _, topic := range topics {
		if state := m.topics[topic]; state.partitions > 0 || !state.exists() {
			c.learn(topic, state)
		}
	}
	return nil
}

// TopicIDs returns the ids of topics, as they are now. The error is [ErrNoTopic] if one does not exist.
func (c *Client) TopicIDs(ctx context.Context, topics ...string) (map[string]fence.TopicID, error) {
	m, err := c.metadata(ctx, topics...)
	if err != nil {
		return nil, err
	}
	ids := map[string]fence.TopicID{}
	for _, topic := range topics {
		state := m.topics[topic]
		if !state.exists() {
			return nil, fmt.Errorf("topic %q: %w", topic, ErrNoTopic)
		}
		ids[topic] = state.id
	}
	return ids, nil
}

func (c *Client) keepPartitions(topic string, n int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.topics[topic]; known != nil {
		known.partitions = n
		return
	}
	c.topics[topic] = &knownTopic{partitions: n}
}

// learn compares what a topic is with what it was, and tells what has changed.
func (c *Client) learn(topic string, now topicState) {
	c.mu.Lock()
	was := c.topics[topic]
	var err error
	switch {
	case was == nil && !now.exists():
	case was == nil:
		c.topics[topic] = &knownTopic{id: now.id, partitions: now.partitions, asked: time.Now()}
	case !now.exists():
		// A broker that has just started may not know it for a moment.
		if was.absent.IsZero() {
			was.absent = time.Now()
		} else if time.Since(was.absent) >= absentFor {
			err = fmt.Errorf("topic %q: %w: %w", topic, ErrTopicChanged, ErrNoTopic)
		}
	default:
		was.absent = time.Time{}
		var none fence.TopicID
		switch {
		case was.id != none && now.id != none && was.id != now.id:
			err = fmt.Errorf("topic %q: %w: it was deleted and made anew (its id was %s and is %s)", topic, ErrTopicChanged, was.id, now.id)
		case was.partitions != now.partitions:
			err = fmt.Errorf("topic %q: %w: it had %d partitions and has %d", topic, ErrTopicChanged, was.partitions, now.partitions)
		}
		was.id, was.partitions, was.asked = now.id, now.partitions, time.Now()
	}
	tell := c.changed
	c.mu.Unlock()
	if err != nil && tell != nil {
		tell(err)
	}
}
