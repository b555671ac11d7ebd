package cluster

import (
	"context"
	"errors"
	"time"
)

// knownWithin bounds the wait for all brokers to know a topic that one of them has told of.
const knownWithin = 10 * time.Second

// configsOfExisting is configs of topics that a broker has told of. Another one may not know them yet, if they were just made or it has
// just started, and is asked again.
func (c *Client) configsOfExisting(ctx context.Context, topics ...string) (map[string]map[string]string, error) {
	until := time.Now().Add(knownWithin)
	for pause := time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		all, err := c.configs(ctx, topics...)
		if !errors.Is(err, ErrNoTopic) || time.Now().After(until) {
			return all, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}
