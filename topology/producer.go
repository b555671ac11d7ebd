package topology

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
)

// Producer sends records to streams from outside of a topology, with [Produce] and [ProduceDelete]. It is idempotent: a record
// that is acknowledged is in the log once, in the order of its partition. It is safe for concurrent use.
type Producer struct {
	client *cluster.Client
	sender sender.Sender
	own    bool // client and sender are this producer's to close

	mu     sync.Mutex
	known  map[string]int32 // partitions by topic
	failed error            // of a record sent earlier, not reported yet
	lost   int              // failures behind it
}

// OpenProducer returns a producer. It does no I/O. Of cfg it uses what says how to reach the brokers, SendBuffer and
// MaxRecordBytes. The caller closes it.
func OpenProducer(cfg Config) (*Producer, error) {
	client, err := openClient(cfg)
	if err != nil {
		return nil, err
	}
	s, err := sender.Open(client, sender.Options{Room: sender.NewRoom(int64(cfg.SendBuffer))})
	if err != nil {
		client.Close()
		return nil, err
	}
	return &Producer{client: client, sender: s, own: true}, nil
}

// Producer returns a producer that shares the app's connections, so that [App.Settle] counts its records. It ends with the
// app; the topics exist once the app is ready.
func (a *App) Producer() *Producer {
	return &Producer{client: a.client, sender: a.sender}
}

// Produce sends a record, to the partition that its key decides; a topic that gets more partitions is asked for these within some seconds. It returns when the record is on its way: it blocks while the send
// buffer is full, until ctx is done. The time of the record is the present if no option says another. To a packed stream too it goes as a
// plain record, because a record that belongs to no batch has nobody to share a pack with; readers take both.
//
// An error is of the key or value ([ErrEncode], [ErrTooLarge]), of ctx, of a topic that does not exist, or of a record sent earlier that was not
// delivered: each such failure is reported once, here or by Flush.
func Produce[K, V any](ctx context.Context, p *Producer, s Stream[K, V], key K, value V, opts ...EmitOption) error {
	k, err := encodeKey(s.topic, s.key, key)
	if err != nil {
		return err
	}
	v, err := encodeValue(s.topic, s.value, k, value)
	if err != nil {
		return err
	}
	return p.send(ctx, s.kernelTopic(), k, v, opts)
}

// ProduceDelete sends a tombstone: a record with a key and no value. See [Produce].
func ProduceDelete[K, V any](ctx context.Context, p *Producer, s Stream[K, V], key K, opts ...EmitOption) error {
	k, err := encodeKey(s.topic, s.key, key)
	if err != nil {
		return err
	}
	return p.send(ctx, s.kernelTopic(), k, nil, opts)
}

func (p *Producer) send(ctx context.Context, topic kernel.Topic, key, value []byte, opts []EmitOption) error {
	if err := p.failure(); err != nil {
		return err
	}
	n, err := p.client.Partitions(ctx, topic.Name)
	if err != nil {
		return err
	}
	if err := p.learn(ctx, topic.Name, n); err != nil {
		return err
	}
	hashed := key
	if topic.HashPart != nil && key != nil {
		hashed = topic.HashPart(key)
	}
	e, err := emission(topic.Name, time.Now(), opts)
	if err != nil {
		return err
	}
	if err := checkHeaders(topic.Name, key, e.Headers); err != nil {
		return err
	}
	if err := p.fits(topic.Name, key, value, e.Headers); err != nil {
		return err
	}
	return p.sender.Send(ctx, sender.Record{
		Topic: topic.Name, Partition: cluster.Partition(hashed, n), Key: key, Value: value, Timestamp: e.Timestamp, Headers: e.Headers,
	}, p.done)
}

// fits refuses a record that the client would not take: its error would come with another record, or with none.
func (p *Producer) fits(topic string, key, value []byte, headers []kernel.Header) error {
	bytes, most := len(key)+len(value), p.client.MaxRecordBytes(topic)
	for _, h := range headers {
		bytes += len(h.Key) + len(h.Value)
	}
	if bytes > most {
		return kernel.In(PhaseWrite, fmt.Errorf("%w: a record of %q, key %s, has %d bytes, and at most %d are possible", ErrTooLarge, topic, kernel.Quote(key), bytes, most))
	}
	return nil
}

// learn lets the sender know of partitions that a topic has got since it was first written to.
func (p *Producer) learn(ctx context.Context, topic string, n int32) error {
	p.mu.Lock()
	known := p.known[topic]
	if p.known == nil {
		p.known = map[string]int32{}
	}
	p.known[topic] = n
	p.mu.Unlock()
	if known == 0 || known >= n {
		return nil
	}
	return p.sender.Learn(ctx, topic, n)
}

func (p *Producer) done(_ int64, err error) {
	if err == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed == nil {
		p.failed = err
		return
	}
	p.lost++
}

// failure takes the failures that were not reported yet.
func (p *Producer) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err, more := p.failed, p.lost
	p.failed, p.lost = nil, 0
	if more > 0 {
		err = fmt.Errorf("%w (and %d more records)", err, more)
	}
	return err
}

// Flush returns when everything sent before is acknowledged, or ctx is done. It returns the error of a record that was not
// delivered and whose failure was not reported before.
func (p *Producer) Flush(ctx context.Context) error {
	if err := p.sender.Flush(ctx); err != nil {
		return err
	}
	return p.failure()
}

// Close flushes for at most 10 s and closes the connections; those of an app stay open. It returns the error of a record
// that was not delivered and whose failure was not reported before.
func (p *Producer) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	var err error
	if p.own {
		err = p.sender.Close(ctx)
		p.client.Close()
	} else {
		err = p.sender.Flush(ctx)
	}
	return errors.Join(err, p.failure())
}
