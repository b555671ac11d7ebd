package engine

import (
	"fmt"
	"sync/atomic"

	"github.com/IBM/sarama"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

const (
	// claimBuffer is how many records wait between sarama and goka, channelBuffer how many in goka's own channel.
	claimBuffer   = 256
	channelBuffer = 64
)

// inputDef is an input or the loop of a processor.
type inputDef struct {
	topic  string
	handle kernel.Handler
}

// input is a partition of an input.
type input struct {
	def       inputDef
	partition int32
	// feed has the records that goka was given and has not handed to the callback, as they came: goka's context drops the order
	// and repeats of headers, and the difference between no key and an empty one. It never blocks: it holds more than the channels behind it.
	feed chan *sarama.ConsumerMessage
	// marked is one past the last record marked. Before the first mark it is the place where the claim begins, which may be sarama's
	// OffsetOldest; unclaimed before that.
	marked atomic.Int64
}

// unclaimed is the position of an input whose claim has not begun.
const unclaimed int64 = -100

func newInput(d inputDef, partition int32) *input {
	in := &input{def: d, partition: partition, feed: make(chan *sarama.ConsumerMessage, claimBuffer+channelBuffer+8)}
	in.marked.Store(unclaimed)
	return in
}

// take returns the record that goka's callback was called for.
func (in *input) take(offset int64) (*kernel.Message, error) {
	var m *sarama.ConsumerMessage
	select {
	case m = <-in.feed:
	default:
	}
	if m == nil || m.Offset != offset {
		return nil, fmt.Errorf("the record at offset %d did not come through its claim", offset)
	}
	k := &kernel.Message{Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Key: m.Key, Value: m.Value, Timestamp: m.Timestamp}
	if len(m.Headers) > 0 {
		k.Headers = make([]kernel.Header, len(m.Headers))
		for i, h := range m.Headers {
			k.Headers[i] = kernel.Header{Key: string(h.Key), Value: h.Value}
		}
	}
	return k, nil
}

// claim is what goka reads instead of sarama's claim.
type claim struct {
	sarama.ConsumerGroupClaim
	out chan *sarama.ConsumerMessage
}

// Messages implements [sarama.ConsumerGroupClaim].
func (c *claim) Messages() <-chan *sarama.ConsumerMessage { return c.out }

// forward passes records on until the claim ends or done is closed.
func (c *claim) forward(in *input, done <-chan struct{}) {
	defer close(c.out)
	from := c.ConsumerGroupClaim.Messages()
	for {
		select {
		case m, ok := <-from:
			if !ok {
				return
			}
			in.feed <- m
			select {
			case c.out <- m:
			case <-done:
				return
			}
		case <-done:
			return
		}
	}
}
