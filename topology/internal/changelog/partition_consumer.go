package changelog

import (
	"sync"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kgo"
)

// aheadMax is how many records wait for the reader of a partition before no more are fetched.
const aheadMax = 20_000

// partitionConsumer implements sarama.PartitionConsumer.
type partitionConsumer struct {
	consumer *consumer
	tp       topicPartition
	messages chan *sarama.ConsumerMessage
	errors   chan *sarama.ConsumerError
	closing  chan struct{}
	close    sync.Once
	ended    chan struct{} // closed after messages and errors

	mu     sync.Mutex
	queue  []*kgo.Record
	failed []error
	wake   chan struct{} // holds one token: there is something new
	held   bool          // too much waits
	paused bool          // by the user
}

func newPartitionConsumer(c *consumer, tp topicPartition) *partitionConsumer {
	p := &partitionConsumer{
		consumer: c, tp: tp,
		messages: make(chan *sarama.ConsumerMessage, 256),
		errors:   make(chan *sarama.ConsumerError, 1),
		closing:  make(chan struct{}), ended: make(chan struct{}),
		wake: make(chan struct{}, 1),
	}
	go p.pump()
	return p
}

// take queues what was fetched. It does not block.
func (p *partitionConsumer) take(f kgo.FetchTopicPartition) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = append(p.queue, f.Records...)
	if f.Err != nil {
		p.failed = append(p.failed, f.Err)
	}
	if len(p.queue) > aheadMax && !p.held {
		p.held = true
		p.gate()
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// gate fetches or does not; it is called with the lock held.
func (p *partitionConsumer) gate() {
	this := map[string][]int32{p.tp.topic: {p.tp.partition}}
	if p.held || p.paused {
		p.consumer.kafka.PauseFetchPartitions(this)
	} else {
		p.consumer.kafka.ResumeFetchPartitions(this)
	}
}

// next is what is queued, without what is queued.
func (p *partitionConsumer) next() ([]*kgo.Record, []error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	records, failed := p.queue, p.failed
	p.queue, p.failed = nil, nil
	return records, failed
}

// pump passes on what is queued, records before the error behind them.
func (p *partitionConsumer) pump() {
	defer close(p.ended)
	defer close(p.errors)
	defer close(p.messages)
	defer p.consumer.remove(p.tp)
	for {
		records, failed := p.next()
		for _, r := range records {
			select {
			case p.messages <- message(r):
			case <-p.closing:
				return
			}
		}
		for _, err := range failed {
			select {
			case p.errors <- &sarama.ConsumerError{Topic: p.tp.topic, Partition: p.tp.partition, Err: err}:
			case <-p.closing:
				return
			}
		}
		p.mu.Lock()
		if p.held && len(p.queue) == 0 {
			p.held = false
			p.gate()
		}
		p.mu.Unlock()
		select {
		case <-p.wake:
		case <-p.closing:
			return
		}
	}
}

func message(r *kgo.Record) *sarama.ConsumerMessage {
	m := &sarama.ConsumerMessage{
		Topic: r.Topic, Partition: r.Partition, Offset: r.Offset,
		Key: r.Key, Value: r.Value, Timestamp: r.Timestamp,
	}
	for _, h := range r.Headers {
		m.Headers = append(m.Headers, &sarama.RecordHeader{Key: []byte(h.Key), Value: h.Value})
	}
	return m
}

// AsyncClose begins to end; the channels are closed then.
func (p *partitionConsumer) AsyncClose() { p.close.Do(func() { close(p.closing) }) }

// Close ends, and returns the errors that nobody has read.
func (p *partitionConsumer) Close() error {
	p.AsyncClose()
	<-p.ended
	var errs sarama.ConsumerErrors
	for err := range p.errors {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		return errs
	}
	return nil
}

func (p *partitionConsumer) Messages() <-chan *sarama.ConsumerMessage { return p.messages }

func (p *partitionConsumer) Errors() <-chan *sarama.ConsumerError { return p.errors }

func (p *partitionConsumer) HighWaterMarkOffset() int64 { return p.consumer.mark(p.tp) }

func (p *partitionConsumer) Pause() { p.setPaused(true) }

func (p *partitionConsumer) Resume() { p.setPaused(false) }

func (p *partitionConsumer) setPaused(paused bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paused = paused
	p.gate()
}

func (p *partitionConsumer) IsPaused() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.paused
}
