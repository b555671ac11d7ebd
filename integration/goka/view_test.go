package goka_test

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"github.com/lovoo/goka"
	"github.com/lovoo/goka/codec"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// branchAccount is a codec of "branch/account" whose branch decides the partition.
type branchAccount struct{ codecs.Codec[string] }

func (branchAccount) HashPart(key []byte) []byte {
	branch, _, _ := strings.Cut(string(key), "/")
	return []byte(branch)
}

// balances is a topology that keeps what was sent last for each key. A tombstone deletes the row.
func balances(t *testing.T, key codecs.Codec[string]) (*topology.Topology, topology.Stream[string, string], topology.Table[string, string]) {
	t.Helper()
	in := topology.NewStream("payments", key, text)
	b := topology.NewBuilder("bank")
	p := topology.AddProcessor(b, "balances", key)
	rows := topology.Persist(p, text)
	topology.Input(p, in).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
		if r.Deleted {
			return rows.Delete(r)
		}
		return rows.Set(r, r.Value)
	})
	return build(t, b), in, rows.Table()
}

// view is a view of Goka at work.
type view struct {
	*goka.View

	w       *world
	changed chan struct{}
}

// openView runs a view until the end of the test.
func (w *world) openView(t topology.Table[string, string], options ...goka.ViewOption) *view {
	w.t.Helper()
	v := &view{w: w, changed: make(chan struct{}, 1)}
	var err error
	v.View, err = goka.NewView(w.cfg.Brokers, goka.Table(t.Topic()), new(codec.String), append(w.viewOptions(t.KeyCodec(), func() {
		select {
		case v.changed <- struct{}{}:
		default:
		}
	}), options...)...)
	must(w.t, err)
	w.run("a view of Goka", v.Run)
	return v
}

// recovered waits until the view may be read.
func (v *view) recovered() *view {
	v.w.t.Helper()
	select {
	case <-v.WaitRunning():
	case <-v.w.ctx().Done():
		v.w.t.Fatal("the view does not recover")
	}
	return v
}

// await waits until the view has these rows, and finds each by its key.
func (v *view) await(want map[string]string) {
	v.w.t.Helper()
	ctx := v.w.ctx()
	for rows := v.rows(); !maps.Equal(rows, want); rows = v.rows() {
		select {
		case <-v.changed:
		case <-ctx.Done():
			v.w.t.Fatalf("the view has %v, want %v", rows, want)
		}
	}
	for key, value := range want {
		got, err := v.Get(key)
		must(v.w.t, err)
		if got != value {
			v.w.t.Errorf("at %q there is %v, want %q", key, got, value)
		}
	}
}

func (v *view) rows() map[string]string {
	v.w.t.Helper()
	it, err := v.Iterator()
	must(v.w.t, err)
	defer it.Release()
	rows := map[string]string{}
	for it.Next() {
		value, err := it.Value()
		must(v.w.t, err)
		rows[it.Key()] = value.(string)
	}
	must(v.w.t, it.Err())
	return rows
}

// A view of Goka follows a table that an app of Eddy writes: rows that were there before, changes, and deletes.
func TestGokaViewReadsTable(t *testing.T) {
	t.Parallel()
	for _, d := range deliveries {
		for name, key := range map[string]codecs.Codec[string]{"whole keys": text, "keys with a hash part": branchAccount{text}} {
			t.Run(fmt.Sprint(d, "/", name), func(t *testing.T) {
				t.Parallel()
				w := setup(t, d)
				topo, in, table := balances(t, key)
				app := topologytest.RunApp(t, topo, w.cfg)
				want := map[string]string{}
				for i := range 30 {
					k := fmt.Sprintf("%d/%d", i%7, i)
					want[k] = strconv.Itoa(i)
					must(t, topology.Produce(w.ctx(), app.Producer(), in, k, want[k]))
				}
				send(w, app, in, "1/gone", "7")
				remove(w, app, in, "1/gone")
				v := w.openView(table).recovered()
				v.await(want)

				remove(w, app, in, "0/0", "3/3")
				send(w, app, in, "1/1", "100", "6/new", "", "1/1", "200")
				delete(want, "0/0")
				delete(want, "3/3")
				want["1/1"], want["6/new"] = "200", ""
				v.await(want)
			})
		}
	}
}

// abort writes rows to a topic in a transaction that is given up.
func (w *world) abort(topic string, rows ...*kgo.Record) {
	w.t.Helper()
	kafka, err := kgo.NewClient(kgo.SeedBrokers(w.cfg.Brokers...), kgo.TransactionalID("one that gives up"), kgo.DefaultProduceTopic(topic),
		kgo.RecordPartitioner(kgo.ManualPartitioner()))
	must(w.t, err)
	defer kafka.Close()
	must(w.t, kafka.BeginTransaction())
	must(w.t, kafka.ProduceSync(w.ctx(), rows...).FirstErr())
	must(w.t, kafka.EndTransaction(w.ctx(), kgo.TryAbort))
}

// A table with an aborted transaction at the end of its log recovers, and never shows anything of it.
func TestGokaViewPassesOverAbortedRows(t *testing.T) {
	t.Parallel()
	w := setup(t, topology.ExactlyOnce)
	w.cfg.Partitions = 1
	topo, in, table := balances(t, text)
	app := topologytest.RunApp(t, topo, w.cfg)
	send(w, app, in, "a", "1")
	w.abort(table.Topic(), kgo.KeyStringRecord("a", "2"), kgo.KeyStringRecord("b", "2"))
	v := w.openView(table).recovered()
	v.await(map[string]string{"a": "1"})
	send(w, app, in, "c", "3") // behind it
	v.await(map[string]string{"a": "1", "c": "3"})
}

// What Goka's own topic manager says of a table that is written exactly once: the view has all rows and does not recover, until another
// row is written.
func TestGokaViewWaitsForTransactionMarker(t *testing.T) {
	t.Parallel()
	w := setup(t, topology.ExactlyOnce)
	w.cfg.Partitions = 1
	topo, in, table := balances(t, text)
	app := topologytest.RunApp(t, topo, w.cfg)
	send(w, app, in, "a", "1")
	w.follow(table.Topic()).await(map[string]string{"a": "1"}) // the marker of its transaction is in the log
	eddys, err := w.offsets.GetOffset(table.Topic(), 0, sarama.OffsetNewest)
	must(t, err)

	w.offsets.Close()
	w.offsets = nil // Goka's own
	m, err := w.topicManagers(w.cfg.Brokers)
	must(t, err)
	gokas, err := m.GetOffset(table.Topic(), 0, sarama.OffsetNewest)
	must(t, err)
	if eddys != 1 || gokas != 2 {
		t.Errorf("behind one row and its marker the table ends at %d for Goka and at %d for Eddy, want 2 and 1", gokas, eddys)
	}
	v := w.openView(table)
	select {
	case <-v.changed: // the row is there
	case <-w.ctx().Done():
		t.Fatal("the view gets no row")
	}
	if v.Recovered() {
		t.Error("the view has recovered: it did not wait for the marker's offset")
	}
	send(w, app, in, "b", "2")
	v.recovered().await(map[string]string{"a": "1", "b": "2"})
}

func TestGokaOffsets(t *testing.T) {
	t.Parallel()
	w := setup(t, topology.ExactlyOnce)
	w.cfg.Partitions = 1
	topo, in, table := balances(t, text)
	app := topologytest.RunApp(t, topo, w.cfg)
	for _, c := range []struct {
		topic     string
		partition int32
		time      int64
		want      string // part of the error
	}{
		{"nowhere", 0, sarama.OffsetNewest, `"nowhere"`},
		{"nowhere", 0, sarama.OffsetOldest, `"nowhere"`},
		{table.Topic(), 1, sarama.OffsetNewest, "no partition 1"},
		{table.Topic(), -1, sarama.OffsetOldest, "no partition -1"},
		{table.Topic(), 0, 1_700_000_000_000, "at time 1700000000000"},
	} {
		if at, err := w.offsets.GetOffset(c.topic, c.partition, c.time); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: offset %d, error %v", c, at, err)
		}
	}
	committed := w.follow(table.Topic())
	for i, want := range []int64{0, 1, 3} { // behind the first row is a marker
		for _, ask := range []struct{ time, want int64 }{{sarama.OffsetOldest, 0}, {sarama.OffsetNewest, want}} {
			if at, err := w.offsets.GetOffset(table.Topic(), 0, ask.time); at != ask.want || err != nil {
				t.Errorf("after %d rows, at %d: offset %d, %v, want %d", i, ask.time, at, err, ask.want)
			}
		}
		send(w, app, in, "a", strconv.Itoa(i))
		committed.await(map[string]string{"a": strconv.Itoa(i)})
	}
}
