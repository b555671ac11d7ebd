package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/topology/internal/fence"
)

// metadata is what the cluster says of itself and of some topics.
type metadata struct {
	cluster string
	brokers int
	topics  map[string]topicState
}

// topicState is a topic; the zero value does not exist.
type topicState struct {
	id         fence.TopicID
	partitions int32
	// err is why it cannot be used now, such as that a partition has no leader yet.
	err error
}

func (s topicState) exists() bool {
	return s != (topicState{}) && !errors.Is(s.err, kerr.UnknownTopicOrPartition)
}

// metadata asks the cluster, never a cache: a topic may have been made, or made anew, a moment ago. It does not make topics.
func (c *Client) metadata(ctx context.Context, topics ...string) (metadata, error) {
	req := kmsg.NewPtrMetadataRequest()
	req.AllowAutoTopicCreation = false
	req.Topics = []kmsg.MetadataRequestTopic{} // none; nil would be all
	for _, name := range topics {
		topic := kmsg.NewMetadataRequestTopic()
		topic.Topic = new(name)
		req.Topics = append(req.Topics, topic)
	}
	if err := c.reach(ctx); err != nil {
		return metadata{}, fmt.Errorf("look up topics: %w", err)
	}
	response, err := heeding(ctx, func() (*kmsg.MetadataResponse, error) { return req.RequestWith(ctx, c.kafka) })
	if err != nil {
		return metadata{}, fmt.Errorf("look up topics: %w", c.explain(err))
	}
	m := metadata{brokers: len(response.Brokers), topics: map[string]topicState{}}
	if response.ClusterID != nil {
		m.cluster = *response.ClusterID
	}
	for _, t := range response.Topics {
		if t.Topic == nil {
			continue
		}
		state := topicState{id: fence.TopicID(t.TopicID), partitions: int32(len(t.Partitions)), err: kerr.ErrorForCode(t.ErrorCode)}
		for _, p := range t.Partitions {
			if state.err == nil {
				state.err = kerr.ErrorForCode(p.ErrorCode)
			}
			if state.err == nil && p.Leader < 0 {
				state.err = kerr.LeaderNotAvailable
			}
		}
		m.topics[*t.Topic] = state
	}
	return m, nil
}

// heeding returns what ask returns, or the error of ctx if that ends before: the client does not look at it while a broker has taken the
// connection and says nothing. What ask does is then left behind, until the client is closed.
func heeding[R any](ctx context.Context, ask func() (R, error)) (R, error) {
	type answer struct {
		response R
		err      error
	}
	answers := make(chan answer, 1)
	go func() {
		response, err := ask()
		answers <- answer{response, err}
	}()
	select {
	case a := <-answers:
		return a.response, a.err
	case <-ctx.Done():
		var none R
		return none, ctx.Err()
	}
}
