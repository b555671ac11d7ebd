// Package changelog reads table topics into the local store. It reads by position, not by the records it gets:
// what compaction or a transaction's marker took out of the end of a log is passed over, not waited for.
package changelog

import (
	"context"
	"log/slog"
	"time"

	"github.com/IBM/sarama"
	"github.com/lovoo/goka"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/store"
)

// Loaded is what a load did.
type Loaded struct {
	Records int64         // read from the changelog
	Offset  int64         // where the table stands now
	Rebuilt bool          // the table was cleared first
	Reason  string        // why
	Took    time.Duration //
}

// Reader reads table topics of a cluster. One is enough for a process. It is safe for concurrent use.
type Reader struct{}

// NewReader returns a reader; it has its own connections. It does no I/O.
func NewReader(c *cluster.Client, log *slog.Logger) (*Reader, error) { panic("todo") }

// Close ends the connections, after those that read have stopped.
func (r *Reader) Close() { panic("todo") }

// Load brings t to the end that the partition has when Load is called, rows and offset in large atomic batches. A table of another cluster
// or topic, past the end, before the start, or not written for longer than the topic keeps tombstones is cleared and built anew.
// With a nil error the table has reached that end. Transient errors are tried again until ctx is done.
func (r *Reader) Load(ctx context.Context, t *store.Table, topic string, partition int32) (Loaded, error) {
	panic("todo")
}

// Replica is a copy of all partitions of a table topic that follows it, with reconnection. One writes, any number read.
type Replica struct{}

// NewReplica returns a replica of a topic whose partitions are stored in the tables that open returns.
// It does no I/O but a look-up of the partition count.
func (r *Reader) NewReplica(ctx context.Context, topic string, open func(partition int32) (*store.Table, error), loaded func(partition int32, l Loaded)) (*Replica, error) {
	panic("todo")
}

// Run loads and then follows until ctx is done, and then returns nil. Another error is final: of the store, or a topic that is gone.
func (p *Replica) Run(ctx context.Context) error { panic("todo") }

// Recovered is closed once all partitions have been loaded.
func (p *Replica) Recovered() <-chan struct{} { panic("todo") }

// Table returns the table of a partition.
func (p *Replica) Table(partition int32) *store.Table { panic("todo") }

// Partitions is their number.
func (p *Replica) Partitions() int32 { panic("todo") }

// Applied waits until the partition's table has applied everything below the offset next, or ctx is done.
func (p *Replica) Applied(ctx context.Context, partition int32, next int64) error { panic("todo") }

// Settle waits until every partition has applied its topic's end as read at the call.
func (p *Replica) Settle(ctx context.Context) error { panic("todo") }

// Consumers is a builder of sarama consumers for goka's tables and views (goka.WithConsumerSaramaBuilder, goka.WithViewConsumerSaramaBuilder).
// Its consumers read through r: they reconnect by themselves, end only when closed, and one that is not read holds up no other.
func (r *Reader) Consumers() goka.SaramaConsumerBuilder {
	return func([]string, string) (sarama.Consumer, error) { panic("todo") }
}

// TopicManagers is a builder of goka's topic managers (goka.WithTopicManagerBuilder). They create nothing: topics are ensured before.
// The newest offset of a partition is one past its last *data* record, which is what goka's recovery waits for.
// Closing one leaves the shared connections open.
func (r *Reader) TopicManagers() goka.TopicManagerBuilder {
	return func([]string) (goka.TopicManager, error) { panic("todo") }
}
