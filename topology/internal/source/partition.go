package source

import (
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/wake"
)

// Partition is what was read of a partition and waits for its reader, of which there is one.
type Partition struct {
	source    *Source
	topic     string
	partition int32
	wake      wake.Signal // there is something new

	mu     sync.Mutex
	queue  []lot
	bytes  int
	hungry bool // it counts among the source's hungry ones
	held   bool // too much waits: it is not fetched
	closed bool // the budget is told nothing any more
	err    error
}

// lot is what one fetch brought.
type lot struct {
	records []*kgo.Record
	bytes   int
}

// Poll returns the records that come next, in the order of the log; none if there are none yet, and then the signal is raised when there
// are. An error comes after all records before it and is final: the log does not have the offset that comes next.
func (p *Partition) Poll() ([]*kgo.Record, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) > 0 {
		return p.give(), nil
	}
	return nil, p.err
}

// give takes the first lot off the queue. The caller holds the lock.
func (p *Partition) give() []*kgo.Record {
	l := p.queue[0]
	p.queue[0] = lot{}
	if p.queue = p.queue[1:]; len(p.queue) == 0 {
		p.queue = nil
	}
	p.count(-l.bytes)
	return l.records
}

// take queues what was fetched. It does not block.
func (p *Partition) take(records []*kgo.Record, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return
	}
	if len(records) > 0 {
		l := lot{records: records}
		for _, r := range records {
			l.bytes += len(r.Key) + len(r.Value) + overhead
		}
		p.queue = append(p.queue, l)
		p.count(l.bytes)
	}
	p.err = err
	p.wake.Raise()
}

// count takes what came or went into account: whether the partition is fetched, and whether the source has to fetch. The caller holds
// the lock.
func (p *Partition) count(bytes int) {
	b := p.source.budget
	p.bytes += bytes
	if !p.closed {
		b.used.Add(int64(bytes))
	}
	this := map[string][]int32{p.topic: {p.partition}}
	hungry := b.hungry(p.bytes)
	switch {
	case hungry && p.held:
		p.held = false
		p.source.kafka.ResumeFetchPartitions(this)
	case !hungry && !p.held && b.full(p.bytes):
		p.held = true
		p.source.kafka.PauseFetchPartitions(this)
	}
	switch {
	case hungry && !p.hungry:
		p.source.hungry.Add(1)
		p.source.room.Raise()
	case !hungry && p.hungry:
		p.source.hungry.Add(-1)
	}
	p.hungry = hungry
}

// close gives back what still waits.
func (p *Partition) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.closed = true
		p.source.budget.used.Add(-int64(p.bytes))
		p.source.budget.partitions.Add(-1)
	}
}
