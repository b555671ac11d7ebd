package changelog

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// loadsAtOnce bounds the answers that the loads of a reader hold at one time. With loadBytes each that is 64 MiB, as they are on the wire.
const loadsAtOnce = 16

// Reader reads table topics of a cluster. One is enough for a process. It is safe for concurrent use.
type Reader struct {
	cluster describer
	fetch   func(ctx context.Context, tp kernel.TopicPartition, id string, from int64) (answer, error)
	fetcher *fetcher // of loads
	poller  *poller
	log     *slog.Logger
	loads   *semaphore.Weighted
	// absentFor is how long a topic has to be absent before that is believed: a broker that has just started, or just
	// learnt of a topic, may not know it for a moment.
	absentFor time.Duration

	mu       sync.Mutex
	ends     map[kernel.TopicPartition]knownEnd
	troubles map[kernel.TopicPartition]error // partitions that are not read at present, and why
}

// describer tells what there is to read. A [cluster.Client] is one.
type describer interface {
	ClusterID(ctx context.Context) (string, error)
	TopicIDs(ctx context.Context, topics ...string) (map[string]fence.TopicID, error)
	Partitions(ctx context.Context, topic string) (int32, error)
	TableConfig(ctx context.Context, topic string) (cluster.TableConfig, error)
	Starts(ctx context.Context, topics ...string) (map[string][]int64, error)
	StableEnds(ctx context.Context, topics ...string) (map[string][]int64, error)
	Ends(ctx context.Context, topics ...string) (map[string][]int64, error)
	AwaitTransactions(group, about string) *cluster.TransactionWait
}

// NewReader returns a reader; it has its own connections. It does no I/O. A nil log is none.
func NewReader(c *cluster.Client, log *slog.Logger) (*Reader, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	loads, err := newFetcher(c)
	if err != nil {
		return nil, fmt.Errorf("open reader: %w", err)
	}
	follows, err := newFetcher(c)
	if err != nil {
		loads.kafka.Close()
		return nil, fmt.Errorf("open reader: %w", err)
	}
	return &Reader{
		cluster: c, fetch: loads.fetch, fetcher: loads, poller: newPoller(follows), log: log,
		loads: semaphore.NewWeighted(loadsAtOnce), absentFor: 5 * time.Second,
		ends: map[kernel.TopicPartition]knownEnd{}, troubles: map[kernel.TopicPartition]error{},
	}, nil
}

// Close ends the connections, after those that read have stopped. Further calls do nothing.
func (r *Reader) Close() {
	r.poller.close()
	r.fetcher.kafka.Close()
}

// Trouble is why a partition is not read at present; nil if all are.
func (r *Reader) Trouble() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for tp, err := range r.troubles {
		return fmt.Errorf("table topic %q, partition %d is not read at present: %w", tp.Topic, tp.Partition, err)
	}
	return nil
}

// troubled notes that a partition is not read, or, with no error, that it is.
func (r *Reader) troubled(tp kernel.TopicPartition, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		delete(r.troubles, tp)
		return
	}
	r.troubles[tp] = err
}
