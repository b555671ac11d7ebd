package topology

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/deadletter"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
)

// ErrNoDeadLetter is returned for a dead letter that there is not: it was never there, or it was replayed or dropped.
var ErrNoDeadLetter = errors.New("there is no such dead letter")

// DeadLetterID is the place of a dead letter in its topic.
type DeadLetterID struct {
	Partition int32
	Offset    int64
}

// String is "PARTITION:OFFSET".
func (id DeadLetterID) String() string { return fmt.Sprintf("%d:%d", id.Partition, id.Offset) }

// ParseDeadLetterID reads what String returns.
func ParseDeadLetterID(text string) (DeadLetterID, error) {
	p, o, _ := strings.Cut(text, ":")
	partition, err := strconv.ParseInt(p, 10, 32)
	offset, err2 := strconv.ParseInt(o, 10, 64)
	if err != nil || err2 != nil || partition < 0 || offset < 0 {
		return DeadLetterID{}, fmt.Errorf("%q is not PARTITION:OFFSET of a dead letter", text)
	}
	return DeadLetterID{Partition: int32(partition), Offset: offset}, nil
}

// A DeadLetterRecord is a record that a processor gave up, as it is in its log, and why.
type DeadLetterRecord struct {
	ID DeadLetterID
	// Processor gave it up, in Phase, for the reason Error, at Failed.
	Processor string
	Phase     Phase
	Error     string
	Failed    time.Time
	// Topic, Partition, Offset and in a pack (Packed) Index say where the record is.
	Topic     string
	Partition int32
	Offset    int64
	Packed    bool
	Index     int
	// Key and Value are nil where the record has none.
	Key, Value []byte
	Timestamp  time.Time
	Headers    []Header
	// Table says that it is a row of a table, which cannot be replayed.
	Table bool
	// Cut is the size of a record of which only the beginning is kept, because it is larger than a dead letter may be, and which therefore
	// cannot be replayed; 0 for all others.
	Cut int
	// Replayed is how often it had been sent again before it was given up this time.
	Replayed int

	letter *deadletter.Letter
}

// DeadLetters are the records that the processors of a topology gave up by the policy [DeadLetter]. It is safe for concurrent use, but two
// that replay or drop the same letters may do so twice.
type DeadLetters struct {
	cfg    Config
	topic  string
	client *cluster.Client
	sender sender.Sender
}

// replayBytes is how large a record may be that is sent again: its topic has had it.
const replayBytes = 64 << 20

// OpenDeadLetters opens the dead letters of the topology of that name. It does no I/O. Of cfg it uses what says how to reach the brokers, and
// DeadLetterTopic. The caller closes it.
func OpenDeadLetters(topology string, cfg Config) (*DeadLetters, error) {
	large := cfg
	large.MaxRecordBytes = replayBytes
	client, err := openClient(large)
	if err != nil {
		return nil, err
	}
	s, err := sender.Open(client, sender.Options{})
	if err != nil {
		client.Close()
		return nil, err
	}
	return &DeadLetters{cfg: cfg, topic: cfg.deadLetterTopic(topology), client: client, sender: s}, nil
}

// Topic is the topic of the dead letters.
func (d *DeadLetters) Topic() string { return d.topic }

// Close ends the connections.
func (d *DeadLetters) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := d.sender.Close(ctx)
	d.client.Close()
	return err
}

// All iterates over the dead letters that were neither replayed nor dropped, partition by partition, the oldest first. A record that was
// given up twice, because its batch was processed again, is yielded once. An error is yielded last.
func (d *DeadLetters) All(ctx context.Context) iter.Seq2[*DeadLetterRecord, error] {
	return func(yield func(*DeadLetterRecord, error) bool) {
		err := d.scan(ctx, nil, func(l *DeadLetterRecord) error {
			if !yield(l, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, err)
		}
	}
}

// errEnough ends a scan.
var errEnough = errors.New("enough")

// Get returns a dead letter. The error wraps [ErrNoDeadLetter] if there is none of that id.
func (d *DeadLetters) Get(ctx context.Context, id DeadLetterID) (*DeadLetterRecord, error) {
	var found *DeadLetterRecord
	err := d.scan(ctx, nil, func(l *DeadLetterRecord) error {
		if l.ID == id {
			found = l
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	if found == nil {
		return nil, fmt.Errorf("%w: %s", ErrNoDeadLetter, id)
	}
	return found, nil
}

// Replay sends a record to its topic again, to the same partition, with the same key, value, time and headers, and is then done with the
// letter. Its processor finds out how often that was done from the header "eddy-dlq-replayed"; other processors of Eddy's pass the record over, and any
// other consumer sees it again. It comes behind all that its key has had since.
func (d *DeadLetters) Replay(ctx context.Context, l *DeadLetterRecord) error {
	switch {
	case l.Table:
		return fmt.Errorf("dead letter %s: it is a row of table %q, which is its processor's to write", l.ID, l.Topic)
	case l.Cut > 0:
		return fmt.Errorf("dead letter %s: only the beginning of its %d bytes is kept; topic %q, partition %d, offset %d has it all", l.ID, l.Cut, l.Topic, l.Partition, l.Offset)
	}
	partitions, err := d.client.Partitions(ctx, l.Topic)
	if err != nil {
		return fmt.Errorf("dead letter %s: %w", l.ID, err)
	}
	if l.Partition >= partitions {
		return fmt.Errorf("dead letter %s: topic %q has no partition %d any more", l.ID, l.Topic, l.Partition)
	}
	if err := d.send(ctx, l.letter.Replay()); err != nil {
		return fmt.Errorf("replay dead letter %s: %w", l.ID, err)
	}
	return d.settle(ctx, l, deadletter.Replayed)
}

// Drop is done with a letter without more ado.
func (d *DeadLetters) Drop(ctx context.Context, l *DeadLetterRecord) error {
	return d.settle(ctx, l, deadletter.Dropped)
}

// settle writes that a letter is done with.
func (d *DeadLetters) settle(ctx context.Context, l *DeadLetterRecord, how string) error {
	m := deadletter.Mark{Offset: l.ID.Offset, How: how, At: time.Now()}.Record()
	m.Topic, m.Partition = d.topic, l.ID.Partition
	if err := d.send(ctx, m); err != nil {
		return fmt.Errorf("dead letter %s is not marked as %s: %w", l.ID, how, err)
	}
	return nil
}

// send sends one record and waits for it: alone in its batch it is no larger than it was.
func (d *DeadLetters) send(ctx context.Context, m kernel.Message) error {
	sent := make(chan error, 1)
	err := d.sender.Send(ctx, sender.Record{
		Topic: m.Topic, Partition: m.Partition, Key: m.Key, Value: m.Value, Timestamp: m.Timestamp, Headers: m.Headers,
	}, func(_ int64, err error) { sent <- err })
	if err != nil {
		return err
	}
	select {
	case err := <-sent:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Purge deletes what comes before the first letter of each partition that is neither replayed nor dropped, and so needs no room any more.
func (d *DeadLetters) Purge(ctx context.Context) error {
	below, err := ends(ctx, d.client, d.topic)
	if err != nil {
		return err
	}
	first := Positions{}
	err = d.scan(ctx, below, func(l *DeadLetterRecord) error {
		if at, known := first[l.ID.Partition]; !known || l.ID.Offset < at {
			first[l.ID.Partition] = l.ID.Offset
		}
		return nil
	})
	if err != nil {
		return err
	}
	maps.Copy(below, first)
	return d.client.Purge(ctx, d.topic, below)
}

// scan calls found for each letter, up to the end that the topic has now, or to the one given.
func (d *DeadLetters) scan(ctx context.Context, to Positions, found func(*DeadLetterRecord) error) error {
	if to == nil {
		var err error
		if to, err = ends(ctx, d.client, d.topic); err != nil {
			return err
		}
	}
	stream := NewStream(d.topic, codecs.Bytes(), codecs.Bytes())
	settled := map[DeadLetterID]bool{}
	err := Read(ctx, d.cfg, stream, nil, to, func(_ context.Context, r *Record[[]byte, []byte]) error {
		if mark, ok, err := deadletter.ParseMark(r.message()); err == nil && ok {
			settled[DeadLetterID{Partition: r.Partition(), Offset: mark.Offset}] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	seen := map[[16]byte]bool{}
	return Read(ctx, d.cfg, stream, nil, to, func(_ context.Context, r *Record[[]byte, []byte]) error {
		l, err := deadletter.Parse(r.message())
		if err != nil {
			return nil //nolint:nilerr // a mark, or something that somebody else wrote
		}
		id := DeadLetterID{Partition: r.Partition(), Offset: r.Offset()}
		source := sourceHash(l)
		if seen[source] {
			return nil
		}
		seen[source] = true
		if settled[id] {
			return nil
		}
		return found(deadLetterRecord(id, l))
	})
}

// sourceHash tells the records that were given up from one another, in little memory.
func sourceHash(l *deadletter.Letter) (sum [16]byte) {
	text := fmt.Appendf(nil, "%q %q %d %d %t %d", l.Group, l.Topic, l.Partition, l.Offset, l.Packed, l.Index)
	binary.LittleEndian.PutUint64(sum[:8], xxhash.Sum64(text))
	binary.LittleEndian.PutUint64(sum[8:], xxhash.Sum64(append(text, '.')))
	return sum
}

func deadLetterRecord(id DeadLetterID, l *deadletter.Letter) *DeadLetterRecord {
	r := &DeadLetterRecord{
		ID: id, Processor: l.Processor, Phase: l.Phase, Error: l.Error, Failed: l.Failed,
		Topic: l.Topic, Partition: l.Partition, Offset: l.Offset, Packed: l.Packed, Index: l.Index,
		Key: l.Key, Value: l.Value, Timestamp: l.Timestamp, Table: l.Table, Cut: l.Cut, Replayed: l.Replayed, letter: l,
	}
	for _, h := range l.Headers {
		r.Headers = append(r.Headers, Header(h))
	}
	return r
}
