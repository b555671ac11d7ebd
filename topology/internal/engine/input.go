package engine

import (
	"fmt"
	"sync/atomic"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

const (
	// claimBuffer is how many records wait for goka, channelBuffer how many in goka's own channel.
	claimBuffer   = 64
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
	feed chan *kernel.Message
	// marked is one past the last record marked. Before the first mark it is the place where the claim begins, which may be sarama's
	// OffsetOldest; unclaimed before that.
	marked atomic.Int64
}

// unclaimed is the position of an input whose claim has not begun.
const unclaimed int64 = -100

func newInput(d inputDef, partition int32) *input {
	in := &input{def: d, partition: partition, feed: make(chan *kernel.Message, claimBuffer+channelBuffer+8)}
	in.marked.Store(unclaimed)
	return in
}

// take returns the record that goka's callback was called for.
func (in *input) take(offset int64) (*kernel.Message, error) {
	var m *kernel.Message
	select {
	case m = <-in.feed:
	default:
	}
	if m == nil || m.Offset != offset {
		return nil, fmt.Errorf("the record at offset %d did not come through its claim", offset)
	}
	return m, nil
}
