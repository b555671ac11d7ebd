package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// ErrNoTopic says that a topic does not exist.
var ErrNoTopic = errors.New("no such topic")

// Policy is what the topics that are created are like.
type Policy struct {
	Partitions      int           // 0: 8
	Replication     int           // 0: 3, or the number of brokers if smaller
	StreamRetention time.Duration // negative: for ever
	DeleteRetention time.Duration // of tombstones in tables
	MaxRecordBytes  int
}

// EnsureTopics creates the topics of t that do not exist and checks those that do: tables are compacted, streams are not, and the
// topics of a processor that must be co-partitioned (inputs, loop, own table, joins) have as many partitions each.
// It returns when all are visible. An error names what does not fit what, all of it at once.
func EnsureTopics(ctx context.Context, c *Client, t *kernel.Topology, p Policy) error { panic("todo") }
