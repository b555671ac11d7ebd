package engine

import (
	"fmt"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/source"
)

// claim is what goka reads instead of sarama's claim: records that the session's source has read. Sarama's own consumer of the
// partition is paused, and tells by its end that the claim ends.
type claim struct {
	sarama.ConsumerGroupClaim
	from *source.Partition
	out  chan *sarama.ConsumerMessage
}

// Messages implements [sarama.ConsumerGroupClaim].
func (c *claim) Messages() <-chan *sarama.ConsumerMessage { return c.out }

// watch returns when sarama ends the claim, or done is closed. A record that sarama has read before it was paused is dropped.
func (c *claim) watch(done <-chan struct{}) {
	from := c.ConsumerGroupClaim.Messages()
	for {
		select {
		case _, ok := <-from:
			if !ok {
				return
			}
		case <-done:
			return
		}
	}
}

// forward passes records on until done is closed. An error says that the log does not have what comes next.
func (c *claim) forward(in *input, done <-chan struct{}) error {
	for {
		records, err := c.from.Next(done)
		if err != nil {
			return fmt.Errorf("the offset that comes next is not in the log: %w", err)
		}
		if len(records) == 0 {
			return nil
		}
		for len(records) > 0 {
			n := min(len(records), slab)
			if !c.pass(records[:n], in, done) {
				return nil
			}
			records = records[n:]
		}
	}
}

// slab is how many records are passed on in one allocation, which goes away with the last of them.
const slab = 32

// pass passes records on. It reports false once done is closed.
func (c *claim) pass(records []*kgo.Record, in *input, done <-chan struct{}) bool {
	messages := make([]kernel.Message, len(records))
	passes := make([]sarama.ConsumerMessage, len(records))
	for i, r := range records {
		m := &messages[i]
		convert(m, r)
		// What the handler gets waits in the feed: goka needs to know no more than where it is from.
		passes[i] = sarama.ConsumerMessage{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp}
		in.feed <- m
		select {
		case c.out <- &passes[i]:
		case <-done:
			return false
		}
	}
	return true
}

func convert(m *kernel.Message, r *kgo.Record) {
	*m = kernel.Message{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Key: r.Key, Value: r.Value, Timestamp: r.Timestamp}
	if len(r.Headers) > 0 {
		m.Headers = make([]kernel.Header, len(r.Headers))
		for i, h := range r.Headers {
			m.Headers[i] = kernel.Header{Key: h.Key, Value: h.Value}
		}
	}
}
