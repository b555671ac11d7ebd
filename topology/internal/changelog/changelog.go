// Package changelog reads table topics into the local store. It reads by position, not by the records it gets:
// what compaction or a transaction's marker took out of the end of a log is passed over, not waited for.
package changelog

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cluster"
)

// Reader reads table topics of a cluster. One is enough for a process. It is safe for concurrent use.
type Reader struct {
	cluster *cluster.Client
	kafka   *kgo.Client
	log     *slog.Logger
	// absentFor is how long a topic has to be absent before that is believed: a broker that has just started, or just
	// learnt of a topic, may not know it for a moment.
	absentFor time.Duration

	mu      sync.Mutex
	leaders map[topicPartition]leader
	loaded  map[topicPartition]int64 // where the last load ended
	ends    map[topicPartition]knownEnd
}

type topicPartition struct {
	topic     string
	partition int32
}

// NewReader returns a reader; it has its own connections. It does no I/O. A nil log is none.
func NewReader(c *cluster.Client, log *slog.Logger) (*Reader, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	kafka, err := kgo.NewClient(c.Kgo()...)
	if err != nil {
		return nil, fmt.Errorf("open reader: %w", err)
	}
	return &Reader{
		cluster: c, kafka: kafka, log: log, absentFor: 5 * time.Second,
		leaders: map[topicPartition]leader{}, loaded: map[topicPartition]int64{}, ends: map[topicPartition]knownEnd{},
	}, nil
}

// Close ends the connections, after those that read have stopped.
func (r *Reader) Close() { r.kafka.Close() }
