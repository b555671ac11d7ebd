package cluster

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Client asks a cluster. One is enough for a process. It is safe for concurrent use.
type Client struct{}

// Open returns a client. It does no I/O. The caller closes it.
func Open(s Settings) (*Client, error) { panic("todo") }

// Close ends the connections.
func (c *Client) Close() { panic("todo") }

// Settings is what the client was opened with.
func (c *Client) Settings() Settings { panic("todo") }

// Kgo returns the options of a franz-go client of this cluster: brokers, id, TLS, SASL.
func (c *Client) Kgo() []kgo.Opt { panic("todo") }

// Partitions is the number of partitions of a topic; it is looked up once and kept. [ErrNoTopic] if it does not exist.
func (c *Client) Partitions(ctx context.Context, topic string) (int32, error) { panic("todo") }

// ClusterID is the cluster's id; it is looked up once.
func (c *Client) ClusterID(ctx context.Context) (string, error) { panic("todo") }

// TopicID is the topic's id, which a topic made anew under the same name does not have. It is asked for at every call.
func (c *Client) TopicID(ctx context.Context, topic string) (string, error) { panic("todo") }

// DeleteRetention is how long a topic keeps tombstones.
func (c *Client) DeleteRetention(ctx context.Context, topic string) (time.Duration, error) {
	panic("todo")
}

// Offset is a place in a partition.
type Offset struct {
	Topic     string
	Partition int32
	At        int64
}

// Ends returns the high watermark of every partition of the topics: topic, then partition.
func (c *Client) Ends(ctx context.Context, topics ...string) (map[string][]int64, error) {
	panic("todo")
}

// Starts returns the first offset of every partition of the topics.
func (c *Client) Starts(ctx context.Context, topics ...string) (map[string][]int64, error) {
	panic("todo")
}

// Committed returns the committed offsets of a group: topic, then partition. What has none is absent.
func (c *Client) Committed(ctx context.Context, group string) (map[string]map[int32]int64, error) {
	panic("todo")
}
