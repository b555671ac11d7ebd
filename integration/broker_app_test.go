package integration_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/eddystream/eddy/integration/brokertest"
	"github.com/eddystream/eddy/integration/oracle"
	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// brokered is the pipeline as it runs in production, against a broker. It can be stopped and started.
type brokered struct {
	t     *testing.T
	topo  *topology.Topology
	sites *tables.Sites
	cfg   topology.Config
	app   *topology.App
	to    replay.Pipeline
	halt  func() error    // ends the app
	seen  replay.Position // what has been collected
}

// runBrokered starts the pipeline on a broker of its own, which is a real Kafka where the tests were built for one. Without a data directory in cfg its stores are in memory.
func runBrokered(t *testing.T, o processors.Options, cfg topology.Config) *brokered {
	t.Helper()
	b := prepareBrokered(t, o, cfg)
	b.start(cfg.DataDir)
	return b
}

// prepareBrokered is runBrokered without the start.
func prepareBrokered(t *testing.T, o processors.Options, cfg topology.Config) *brokered {
	t.Helper()
	if o.WitnessAfter == 0 {
		o.WitnessAfter = time.Hour // nothing is lost, however far one topic is ahead of another at full speed
	}
	topo, err := processors.New(o)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Brokers = brokertest.Start(t)
	b := &brokered{t: t, topo: topo, sites: o.Sites, cfg: cfg}
	if b.sites == nil {
		b.sites = tables.AnyWiki()
	}
	t.Cleanup(b.stop)
	return b
}

// start starts an app with a data directory, or with stores in memory.
func (b *brokered) start(dir string) {
	b.t.Helper()
	b.cfg.DataDir, b.cfg.InMemory = dir, dir == ""
	app, err := topology.NewApp(b.topo, b.cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(b.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx) }()
	b.app, b.to = app, replay.ToApp(app)
	b.halt = func() error {
		cancel()
		return <-ended
	}
	select {
	case <-app.Ready():
	case err := <-ended:
		b.halt = nil
		cancel()
		b.t.Fatalf("the app ended before it was ready: %v", err)
	case <-time.After(5 * time.Minute): // tables full of garbage take long under the race detector
		b.t.Fatal("the app is not ready")
	}
}

// stop stops the app once all that was sent is in the log; the app drains. Without an app it does nothing.
func (b *brokered) stop() {
	b.t.Helper()
	if b.halt == nil {
		return
	}
	if err := b.app.Producer().Flush(context.WithoutCancel(b.t.Context())); err != nil {
		b.t.Error(err)
	}
	if err := b.halt(); err != nil {
		b.t.Errorf("the app ended with %v", err)
	}
	b.halt = nil
}

// Send sends one event.
func (b *brokered) Send(ctx context.Context, e simwiki.Event) error {
	if e.Change != nil {
		return b.to.Change(ctx, e.PageKey(), *e.Change)
	}
	return b.to.Render(ctx, e.PageKey(), *e.Render)
}

func (b *brokered) send(log []simwiki.Event) {
	b.t.Helper()
	for _, e := range log {
		if err := b.Send(b.t.Context(), e); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *brokered) settle() {
	b.t.Helper()
	if err := b.to.Settle(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// feed feeds a file, at rest before each change or at full speed, and returns what was asked for since the last time.
func (b *brokered) feed(file string, settle bool) []tables.Request {
	b.t.Helper()
	if _, err := replay.Feed(b.t.Context(), b.to, []string{file}, replay.Options{Sites: b.sites, Settle: settle}); err != nil {
		b.t.Fatal(err)
	}
	return b.requests()
}

// requests returns what was asked for since the last time.
func (b *brokered) requests() []tables.Request {
	b.t.Helper()
	here, err := replay.Here(b.t.Context(), b.cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	outcome, err := replay.Collect(b.t.Context(), b.cfg, b.seen, here)
	if err != nil {
		b.t.Fatal(err)
	}
	b.seen = here
	return outcome.Requests()
}

// dump returns the documents of every table.
func (b *brokered) dump() map[string]string {
	b.t.Helper()
	dumps := map[string]string{}
	err := replay.WriteTables(b.t.Context(), b.cfg, b.sites, func(table string) (io.WriteCloser, error) {
		return &dumped{keep: func(text string) { dumps[table] = text }}, nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return dumps
}

type dumped struct {
	bytes.Buffer
	keep func(string)
}

func (d *dumped) Close() error {
	d.keep(d.String())
	return nil
}

// cascades returns how far each cascade has come.
func (b *brokered) cascades() map[tables.CascadeID]*tables.CascadeRow {
	b.t.Helper()
	rows := map[tables.CascadeID]*tables.CascadeRow{}
	err := collect(b.t.Context(), b.cfg, tables.Cascades, func(id tables.CascadeID, row *tables.CascadeRow) { rows[id] = row })
	if err != nil {
		b.t.Fatal(err)
	}
	return rows
}

// derived returns what the tables say, for the oracle.
func (b *brokered) derived() *oracle.Derived {
	b.t.Helper()
	d, err := oracle.ReadTables(b.t.Context(), b.cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	return d
}

// collect takes every row of a table.
func collect[K, V any](ctx context.Context, cfg topology.Config, table topology.Table[K, V], take func(K, V)) error {
	return replay.ReadTable(ctx, cfg, table, func(v *topology.View[K, V]) error {
		for e, err := range v.All() {
			if err != nil {
				return err
			}
			take(e.Key, e.Value)
		}
		return nil
	})
}
