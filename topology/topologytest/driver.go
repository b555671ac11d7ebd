package topologytest

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/memlog"
)

// Driver runs a topology in memory, on the goroutine of the test: the tasks of production with their batches, commits and tables, over logs
// of several partitions, without brokers, time and concurrency. It is deterministic. By default records are processed in the order in
// which they were written, whatever their topic and partition, one a batch, and tables are seen at once by those that join them or look
// them up; with [Interleave] the order is drawn where nothing is promised about it.
//
// It is stricter than production in one thing: to read a row of another partition than that of the record being processed is an
// error, where production would not find it.
type Driver struct {
	tb       testing.TB
	topology *kernel.Topology
	log      *memlog.Log
	local    *engine.Local
	now      time.Time
}

// New returns a driver with nothing in its topics.
func New(tb testing.TB, topo *topology.Topology, opts ...DriverOption) *Driver {
	tb.Helper()
	if topo == nil {
		tb.Fatal("topologytest: the topology is nil; Build has returned an error")
	}
	o := driverOptions{partitions: 4, local: engine.LocalOptions{Batch: 1, Batches: 1_000_000}}
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	d := &Driver{tb: tb, topology: topo.Kernel(), log: memlog.New(o.partitions), now: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)}
	if o.interleave {
		o.local.Rand = rand.New(rand.NewPCG(o.seed, 0))
	} else if o.local.Crashes > 0 {
		tb.Fatal("topologytest: Crashes needs Interleave")
	}
	o.local.Topology, o.local.Log, o.local.Now = d.topology, d.log, func() time.Time { return d.now }
	var err error
	if d.local, err = engine.NewLocal(tb.Context(), o.local); err != nil {
		tb.Fatalf("topologytest: %v", err)
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
func (d *Driver) SettleErr() error { return d.local.Settle() }

// Restart starts every processor anew, with tables that are loaded from their changelogs.
func (d *Driver) Restart() { d.local.Restart() }

// Advance moves the clock, which stands still otherwise but for a second at each record that is sent from outside, and runs the topology to
// rest.
func (d *Driver) Advance(by time.Duration) {
	d.tb.Helper()
	d.now = d.now.Add(by)
	d.Settle()
}

// Now is what the clock shows. It begins at 2000-01-01.
func (d *Driver) Now() time.Time { return d.now }

// stream returns the log of a stream; nil if no processor writes or reads it.
func (d *Driver) stream(topic string) *memlog.Topic {
	if t := d.log.Topic(topic); t != nil && !t.Table {
		return t
	}
	return nil
}

// table returns the log of a table. It fails the test if no processor uses it.
func (d *Driver) table(topic string) *memlog.Topic {
	d.tb.Helper()
	t := d.log.Topic(topic)
	if t == nil || !t.Table {
		d.tb.Fatalf("topologytest: no processor of %q has, joins or looks up %q", d.topology.Name, topic)
	}
	return t
}
