package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Client asks a cluster. One is enough for a process. It is safe for concurrent use.
type Client struct {
	settings Settings
	kafka    *kgo.Client
	admin    *kadm.Client

	mu        sync.Mutex
	topics    map[string]*knownTopic
	waits     waits
	changed   func(error) // told of topics that are not what they were; nil: nobody
	clusterID *string
	reached   bool // brokers and this client speak the same
}

// Open returns a client. It does no I/O. The caller closes it. The error joins all problems of the settings.
func Open(s Settings) (*Client, error) {
	if err := errors.Join(s.Problems()...); err != nil {
		return nil, err
	}
	s = s.WithDefaults()
	kafka, err := kgo.NewClient(Franz(s)...)
	if err != nil {
		return nil, fmt.Errorf("open client: %w", err)
	}
	return &Client{settings: s, kafka: kafka, admin: kadm.NewClient(kafka), topics: map[string]*knownTopic{}}, nil
}

// MaxRecordBytes is the size of the largest record of a topic.
func (c *Client) MaxRecordBytes(topic string) int {
	return cmp.Or(c.settings.MaxBytes[topic], c.settings.MaxRecordBytes)
}

// Close ends the connections.
func (c *Client) Close() { c.kafka.Close() }

// Settings is what the client was opened with, with defaults filled in.
func (c *Client) Settings() Settings { return c.settings }

// Kgo returns the options of a franz-go client of this cluster: brokers, id, TLS, SASL, how to produce.
func (c *Client) Kgo() []kgo.Opt { return Franz(c.settings) }

// describe asks for a topic that exists.
func (c *Client) describe(ctx context.Context, topic string) (topicState, error) {
	m, err := c.metadata(ctx, topic)
	if err != nil {
		return topicState{}, err
	}
	state, told := m.topics[topic]
	if !told {
		return state, fmt.Errorf("look up topic %q: no answer for it", topic)
	}
	if !state.exists() {
		return state, fmt.Errorf("topic %q: %w", topic, ErrNoTopic)
	}
	if state.err != nil && state.partitions == 0 {
		return state, fmt.Errorf("look up topic %q: %w", topic, Denied(state.err, Topic, topic, "Describe"))
	}
	return state, nil
}

// ClusterID is the cluster's id, empty where it has none; it is looked up once.
func (c *Client) ClusterID(ctx context.Context) (string, error) {
	c.mu.Lock()
	id := c.clusterID
	c.mu.Unlock()
	if id != nil {
		return *id, nil
	}
	m, err := c.metadata(ctx)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clusterID = &m.cluster
	return m.cluster, nil
}

// TopicID is the topic's id, which a topic made anew under the same name does not have. It is asked for at every call.
// [ErrNoTopic] if the topic does not exist.
func (c *Client) TopicID(ctx context.Context, topic string) (string, error) {
	d, err := c.describe(ctx, topic)
	if err != nil {
		return "", err
	}
	return kadm.TopicID(d.id).String(), nil
}

// TableConfig is what a table's topic does with its records.
type TableConfig struct {
	DeleteRetention time.Duration // how long tombstones are kept; 24 hours where the broker does not say
	Expires         bool          // rows go with age or size
}

// TableConfig asks for the settings of a table's topic.
func (c *Client) TableConfig(ctx context.Context, topic string) (TableConfig, error) {
	configs, err := c.configs(ctx, topic)
	if err != nil {
		return TableConfig{}, err
	}
	t := TableConfig{DeleteRetention: 24 * time.Hour, Expires: strings.Contains(configs[topic]["cleanup.policy"], "delete")}
	ms, err := strconv.ParseInt(configs[topic]["delete.retention.ms"], 10, 64)
	if err != nil || ms < 0 {
		return t, nil //nolint:nilerr // a broker that does not say is not at fault
	}
	t.DeleteRetention = time.Duration(min(ms, int64(maxDuration/time.Millisecond))) * time.Millisecond
	return t, nil
}

const maxDuration = time.Duration(1<<63 - 1)

// configs asks for the settings of topics: topic, then key.
func (c *Client) configs(ctx context.Context, topics ...string) (map[string]map[string]string, error) {
	resources, err := c.admin.DescribeTopicConfigs(ctx, topics...)
	if errors.Is(err, kerr.TopicAuthorizationFailed) && len(topics) > 1 { // of one of them: it is not said of which
		for _, topic := range topics {
			if _, err := c.configs(ctx, topic); err != nil {
				return nil, err
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("look up topic settings: %w", Denied(err, Topic, strings.Join(topics, ", "), "DescribeConfigs"))
	}
	all := map[string]map[string]string{}
	for _, r := range resources {
		if errors.Is(r.Err, kerr.UnknownTopicOrPartition) {
			return nil, fmt.Errorf("look up settings of topic %q: %w", r.Name, ErrNoTopic)
		}
		if r.Err != nil {
			return nil, fmt.Errorf("look up settings of topic %q: %w", r.Name, Denied(r.Err, Topic, r.Name, "DescribeConfigs"))
		}
		all[r.Name] = map[string]string{}
		for _, entry := range r.Configs {
			all[r.Name][entry.Key] = entry.MaybeValue()
		}
	}
	return all, nil
}
