// Package sender writes records to Kafka, plainly or in transactions. The senders of a process share the room for what is under way, and
// what is known of the ends of logs.
package sender

import (
	"context"
	"errors"
	"time"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// ErrClosed is given to what is sent after Close, and to what Close could not finish.
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

// overhead is what a record occupies beside its own bytes until it is acknowledged: what the client and the caller remember of it.
const overhead = 512

// size is the bytes that a record occupies, about.
func (r *Record) size() int64 {
	n := overhead + len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		n += 8 + len(h.Key) + len(h.Value)
	}
	return int64(n)
}

// Sender sends records. It is idempotent and waits for all in-sync replicas: a record is acknowledged once, in the
// order of its partition, or fails. It waits for no further records, but what comes while a request is out goes in one.
// A broker that is away is tried again for ever: whoever cannot wait closes the sender. After a failure the records behind it in the partition fail too or come after it, never before.
// All methods are safe for concurrent use.
type Sender interface {
	// Send hands the record over and returns. It blocks while the buffer is full, until ctx is done; then the error is that
	// of ctx and done is not called. After Close the error is [ErrClosed]. With a nil error done is called exactly once, from
	// another goroutine, with the offset or an error; it must not block and must not call Send or Flush. Calls from one
	// goroutine keep their order in each partition. ctx does not take back what was handed over.
	Send(ctx context.Context, r Record, done func(offset int64, err error)) error
	// Learn returns when the sender knows so many partitions of a topic, or ctx is done. One that it has sent to before and that has grown is
	// otherwise heard of late, and what is sent to its new partitions fails until then.
	Learn(ctx context.Context, topic string, partitions int32) error
	// Flush returns when everything sent before the call was acknowledged or failed, or ctx is done.
	Flush(ctx context.Context) error
	// Pending is the number of records sent whose done has not yet returned.
	Pending() int64
	// Close flushes until ctx is done, fails the rest and closes the connections. It returns when every done has been
	// called; the error says that something was failed.
	Close(ctx context.Context) error
}

// Transactional is a sender whose records become visible together with the offsets of what they were made from, or not at all. Its
// transactions follow one another; Begin, Commit and Abort are called by one goroutine. After an error of Commit or Abort
// nothing is known of the transaction but that it is over, or will be when another sender of the same id is opened: close the sender.
type Transactional interface {
	Sender
	// Init makes the sender known to the brokers, which ends what another one of its id left open, also of a process that has died.
	Init(ctx context.Context) error
	// Begin opens a transaction; it does no I/O. What is sent before is an error.
	Begin() error
	// SendOffsets adds offsets to the transaction, as a member of their group. The error wraps [cluster.ErrNotMember] if the group does
	// not count the member among those of its generation.
	SendOffsets(ctx context.Context, m cluster.Member, offsets map[kernel.TopicPartition]cluster.CommittedOffset) error
	// Commit waits for what was sent and commits.
	Commit(ctx context.Context) error
	// Abort ends the transaction without effect.
	Abort(ctx context.Context) error
}

// Options tune a sender.
type Options struct {
	// Room bounds the bytes of the records sent and not acknowledged. Defaults to 64 MiB of the sender's own.
	Room *Room
	// Ends learns where partitions end. Defaults to the sender's own.
	Ends *Ends
}

func (o Options) withDefaults() Options {
	if o.Room == nil {
		o.Room = NewRoom(64 << 20)
	}
	if o.Ends == nil {
		o.Ends = &Ends{}
	}
	return o
}
