package topology_test

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/internal/broker"
)

// world is a broker with the table "rows" and the stream "events", and a producer.
type world struct {
	t      *testing.T
	broker *kfake.Cluster
	cfg    topology.Config
	topo   *topology.Topology
	out    *topology.Producer
}

var (
	rowsTable  = topology.NewTable("rows", text, count)
	rowsStream = topology.NewStream("rows", text, count) // the same topic, to write it from outside
	events     = topology.NewStream("events", text, count)
)

func newWorld(t *testing.T, cl *kfake.Cluster) *world {
	t.Helper()
	w := &world{t: t, broker: cl, cfg: topology.Config{Brokers: cl.ListenAddrs(), InMemory: true, Partitions: 4}}
	b := topology.NewBuilder("world")
	p := topology.AddProcessor(b, "reader", text)
	topology.Lookup(p, rowsTable)
	topology.Input(p, events).Handle(func(context.Context, *topology.Record[string, int64]) error { return nil })
	var err error
	if w.topo, err = b.Build(); err != nil {
		t.Fatal(err)
	}
	if err := topology.CreateTopics(t.Context(), w.topo, w.cfg); err != nil {
		t.Fatal(err)
	}
	if w.out, err = topology.OpenProducer(w.cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.out.Close(); err != nil {
			t.Errorf("close producer: %v", err)
		}
	})
	return w
}

func setupWorld(t *testing.T) *world {
	t.Helper()
	return newWorld(t, broker.Start(t, broker.Options{}))
}

func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	w.t.Cleanup(cancel)
	return ctx
}

// set writes rows and waits for the broker.
func (w *world) set(rows map[string]int64) {
	w.t.Helper()
	for k, v := range rows {
		if err := topology.Produce(w.ctx(), w.out, rowsStream, k, v); err != nil {
			w.t.Fatal(err)
		}
	}
	w.flush()
}

func (w *world) remove(keys ...string) {
	w.t.Helper()
	for _, k := range keys {
		if err := topology.ProduceDelete(w.ctx(), w.out, rowsStream, k); err != nil {
			w.t.Fatal(err)
		}
	}
	w.flush()
}

func (w *world) flush() {
	w.t.Helper()
	if err := w.out.Flush(w.ctx()); err != nil {
		w.t.Fatal(err)
	}
}
