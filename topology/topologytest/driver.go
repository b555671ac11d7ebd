package topologytest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Driver runs a topology in memory, on one partition, on the goroutine of the test: the same handlers and the
// same commit protocol as in production, without brokers, time and concurrency. It is deterministic. By
// default records are processed in the order in which they were written, whatever their topic, one a batch,
// and tables are seen at once by those that join them or look them up.
//
// It is stricter than one partition would need: to read or write a row whose key is hashed by another part than
// that of the record being processed is an error, because it would be another partition's.
type Driver struct {
	tb       testing.TB
	ctx      context.Context
	topology *kernel.Topology
	opts     driverOptions
	rng      *rand.Rand // nil: in order
	streams  map[string]*streamLog
	tables   map[string]*tableLog
	members  []*member
	seq      uint64    // of the next record, over all topics
	now      time.Time // of the next record that is sent from outside
	err      error     // what stopped the driver
}

// New returns a driver with nothing in its topics.
func New(tb testing.TB, topo *topology.Topology, opts ...DriverOption) *Driver {
	tb.Helper()
	o := driverOptions{batch: 1, max: 1_000_000}
	for _, opt := range opts {
		opt(&o)
	}
	d := &Driver{
		tb:       tb,
		ctx:      tb.Context(),
		topology: topo.Kernel(),
		opts:     o,
		streams:  map[string]*streamLog{},
		tables:   map[string]*tableLog{},
		now:      time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	if o.interleave {
		d.rng = rand.New(rand.NewPCG(o.seed, 0))
	} else if o.crashes > 0 {
		tb.Fatal("topologytest: Crashes needs Interleave")
	}
	for _, p := range d.topology.Processors {
		d.members = append(d.members, newMember(d, p))
	}
	return d
}

// Settle processes what was queued until everything is at rest. An error fails the test at once.
func (d *Driver) Settle() {
	d.tb.Helper()
	if err := d.SettleErr(); err != nil {
		d.tb.Fatal(err)
	}
}

// SettleErr processes what was queued until everything is at rest. It returns what a processor returned, as a
// [*topology.ProcessError]. After an error nothing runs any more, and the same error is returned.
func (d *Driver) SettleErr() error {
	for n := 0; d.err == nil; {
		m, r := d.next()
		if r != nil {
			r.apply(1 + d.rng.IntN(r.lag()))
			continue
		}
		if m == nil {
			break
		}
		if n++; n > d.opts.max {
			d.err = fmt.Errorf("topologytest: not at rest after %d batches: processor %q goes on", d.opts.max, m.p.Name)
			break
		}
		d.err = m.batch()
	}
	return d.err
}

// Restart drops all decoded rows, as a restart of every processor does.
func (d *Driver) Restart() {
	for _, m := range d.members {
		m.forget()
	}
}

// next says who goes on: a processor, or a table's replica that lags; neither when all is at rest.
func (d *Driver) next() (*member, *replica) {
	if d.rng == nil {
		var first *member
		var lowest uint64
		for _, m := range d.members {
			if c := m.oldest(); c != nil && (first == nil || c.seq() < lowest) {
				first, lowest = m, c.seq()
			}
		}
		return first, nil
	}
	var members []*member
	var replicas []*replica
	for _, m := range d.members {
		if m.oldest() != nil {
			members = append(members, m)
		}
		for _, r := range m.replicas() {
			if r.lag() > 0 {
				replicas = append(replicas, r)
			}
		}
	}
	n := len(members) + len(replicas)
	if n == 0 {
		return nil, nil
	}
	i := d.rng.IntN(n)
	if i < len(members) {
		return members[i], nil
	}
	return nil, replicas[i-len(members)]
}

// stream returns the log of a topic, empty at first.
func (d *Driver) stream(topic string) *streamLog {
	s := d.streams[topic]
	if s == nil {
		s = &streamLog{}
		d.streams[topic] = s
	}
	return s
}

func (d *Driver) table(topic string) *tableLog {
	t := d.tables[topic]
	if t == nil {
		t = &tableLog{rows: map[string][]byte{}}
		d.tables[topic] = t
	}
	return t
}

func (d *Driver) append(topic string, m kernel.Message) {
	s := d.stream(topic)
	m.Topic, m.Offset = topic, int64(len(s.records))
	s.records = append(s.records, record{seq: d.seq, message: m})
	d.seq++
}
