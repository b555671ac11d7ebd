package engine

import (
	"time"

	"github.com/eddystream/eddy/topology/internal/changelog"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Observer is told what happens. Every field is optional.
type Observer struct {
	Assigned  func(processor string, partitions []int32, took time.Duration)
	Revoked   func(processor string, partitions []int32, dropped bool)
	Recovered func(processor, topic string, partition int32, l changelog.Loaded)
	Committed func(c Commit)
	Processed func(processor, topic string, partition int32, offset int64, took time.Duration)
	Stopped   func(processor string, err error)
}

// Commit is the commit of one batch.
type Commit struct {
	Processor                            string
	Partition                            int32
	Records, Outputs, Rows               int
	OutputWait, ChangelogWait, StoreWait time.Duration
}

// observer is an Observer whose functions may be called whether they are set or not.
type observer struct{ o Observer }

func (o observer) assigned(processor string, partitions []int32, took time.Duration) {
	if o.o.Assigned != nil {
		o.o.Assigned(processor, partitions, took)
	}
}

func (o observer) revoked(processor string, partitions []int32, dropped bool) {
	if o.o.Revoked != nil {
		o.o.Revoked(processor, partitions, dropped)
	}
}

func (o observer) recovered(processor, topic string, partition int32, l changelog.Loaded) {
	if o.o.Recovered != nil {
		o.o.Recovered(processor, topic, partition, l)
	}
}

func (o observer) committed(c Commit) {
	if o.o.Committed != nil {
		o.o.Committed(c)
	}
}

// processing is called before a handler, and what it returns after it.
func (o observer) processing(processor string, m *kernel.Message) (done func()) {
	if o.o.Processed == nil {
		return nothing
	}
	start := time.Now()
	return func() { o.o.Processed(processor, m.Topic, m.Partition, m.Offset, time.Since(start)) }
}

func nothing() {}

func (o observer) stopped(processor string, err error) {
	if o.o.Stopped != nil {
		o.o.Stopped(processor, err)
	}
}
