// Package sender writes records to Kafka: one sender a process, shared by everything in it that writes.
package sender

import (
	"context"
	"errors"
	"time"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// ErrClosed is given to what is sent after Close.
var ErrClosed = errors.New("sender is closed")

// Record is what is sent. Nothing it points to may be changed until it is acknowledged.
type Record struct {
	Topic     string
	Partition int32
	Key       []byte // nil: none
	Value     []byte // nil: a tombstone
	Timestamp time.Time
	Headers   []kernel.Header
}

// Sender sends records. It is idempotent and waits for all in-sync replicas: a record is acknowledged once, in the
// order of its partition, or fails. After a failure the records behind it in the partition fail too or come after it, never before.
// All methods are safe for concurrent use.
type Sender interface {
	// Send hands the record over and returns. It blocks while the buffer is full, until ctx is done; then the error is that
	// of ctx and done is not called. With a nil error done is called exactly once, from another goroutine, with the offset or
	// an error; it must not block and must not call Send or Flush. Calls from one goroutine keep their order in each partition.
	Send(ctx context.Context, r Record, done func(offset int64, err error)) error
	// Flush returns when everything sent before the call was acknowledged or failed, or ctx is done.
	Flush(ctx context.Context) error
	// Pending is the number of records sent whose done was not yet called.
	Pending() int64
	// End is one past the highest acknowledged offset of the partition, and whether anything was acknowledged.
	End(topic string, partition int32) (next int64, ok bool)
	// Close flushes, for at most the time ctx gives, fails the rest and closes the connections.
	Close(ctx context.Context) error
}

// Options tune a sender.
type Options struct {
	// MaxBytes bounds the bytes of the records sent and not acknowledged. Defaults to 64 MiB.
	MaxBytes int
}

// Open returns a sender to client's cluster. It does no I/O.
func Open(client *cluster.Client, o Options) (Sender, error) { panic("todo") }
