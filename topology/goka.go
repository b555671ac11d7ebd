package topology

import (
	"context"
	"fmt"
	"hash"
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/cluster"
)

// GokaHasher returns the hasher by which a plain Goka program finds and places records as Eddy and Kafka's own clients do: murmur2,
// where Goka's default is FNV-1a. The key codec is that of the stream or table, because one that implements [codecs.HashPart] has only a
// part of the key hashed.
//
//	goka.WithViewHasher(topology.GokaHasher(accounts.KeyCodec())) // of a view
//	goka.WithHasher(topology.GokaHasher(codecs.String[string]())) // of a processor
//	goka.WithEmitterHasher(topology.GokaHasher(payments.KeyCodec()))
//
// A Goka processor has one hasher for its table, its loop, its outputs and its lookups, so their keys have to hash alike. What a
// processor joins is read from the partition of the record, whatever hashes.
func GokaHasher[K any](key codecs.Codec[K]) func() hash.Hash32 {
	part := hashPart(key)
	return func() hash.Hash32 { return &gokaHasher{part: part} }
}

// gokaHasher keeps what is written: murmur2 begins with the length.
type gokaHasher struct {
	part func([]byte) []byte // nil: the whole key
	key  []byte
}

// Write implements [hash.Hash32].
func (h *gokaHasher) Write(p []byte) (int, error) {
	h.key = append(h.key, p...)
	return len(p), nil
}

// Sum32 implements [hash.Hash32].
func (h *gokaHasher) Sum32() uint32 {
	if h.part != nil {
		return cluster.Hash(h.part(h.key))
	}
	return cluster.Hash(h.key)
}

// Sum implements [hash.Hash32].
func (h *gokaHasher) Sum(b []byte) []byte {
	s := h.Sum32()
	return append(b, byte(s>>24), byte(s>>16), byte(s>>8), byte(s))
}

func (h *gokaHasher) Reset()         { h.key = h.key[:0] }
func (h *gokaHasher) Size() int      { return 4 }
func (h *gokaHasher) BlockSize() int { return 1 }

// GokaOffsets answers a plain Goka program where a topic ends: its GetOffset replaces that of the program's goka.TopicManager.
//
// Goka reads a table until it gets the record before the high watermark. There is none where a transaction ends the log, because its marker
// takes an offset, nor where compaction removed the last record: a view, or a processor with the table as its own, as a join or as a
// lookup, then waits until the next row is written to that partition. GetOffset says where the last record that a reader of
// committed records gets ends instead. A program needs it for tables of processors that run [ExactlyOnce], together with a sarama consumer
// that reads committed records (IsolationLevel: sarama.ReadCommitted); it does no harm for any other topic.
//
//	type topicManager struct {
//		goka.TopicManager // Goka's own
//		offsets *topology.GokaOffsets
//	}
//
//	func (m topicManager) GetOffset(topic string, partition int32, time int64) (int64, error) {
//		return m.offsets.GetOffset(topic, partition, time)
//	}
//
// It is safe for concurrent use.
type GokaOffsets struct {
	client *cluster.Client
	reader *changelog.Reader
}

// OpenGokaOffsets connects to a cluster. It does no I/O. Of cfg it uses what says how to reach the brokers, and Logger. The caller closes it.
func OpenGokaOffsets(cfg Config) (*GokaOffsets, error) {
	client, err := openClient(cfg)
	if err != nil {
		return nil, err
	}
	reader, err := changelog.NewReader(client, cfg.Logger)
	if err != nil {
		client.Close()
		return nil, err
	}
	return &GokaOffsets{client: client, reader: reader}, nil
}

// The times that Kafka's clients, and so sarama and Goka, ask for the ends of a log by.
const (
	latestOffset   int64 = -1 // sarama.OffsetNewest
	earliestOffset int64 = -2 // sarama.OffsetOldest
)

// GetOffset returns where a partition begins (time is sarama.OffsetOldest), or one past the last committed record (sarama.OffsetNewest);
// where there is no record that is where it begins. Other times are an error, as is a topic or partition that does not exist. It asks the
// cluster, for at most 30 s, because Goka gives it no context.
func (o *GokaOffsets) GetOffset(topic string, partition int32, time int64) (int64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), gokaOffsetTimeout)
	defer cancel()
	switch time {
	case latestOffset:
		return o.reader.End(ctx, topic, partition)
	case earliestOffset:
		starts, err := o.client.Starts(ctx, topic)
		if err != nil {
			return 0, err
		}
		if partition < 0 || int(partition) >= len(starts[topic]) {
			return 0, fmt.Errorf("topic %q has no partition %d", topic, partition)
		}
		return starts[topic][partition], nil
	default:
		return 0, fmt.Errorf("offset of topic %q, partition %d, at time %d: only the oldest (%d) and the newest (%d) are known", topic, partition, time, earliestOffset, latestOffset)
	}
}

// gokaOffsetTimeout bounds one GetOffset.
const gokaOffsetTimeout = 30 * time.Second

// Close ends the connections. Calls that run then fail.
func (o *GokaOffsets) Close() {
	o.reader.Close()
	o.client.Close()
}
