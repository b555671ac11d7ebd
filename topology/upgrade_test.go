package topology_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// A total is the row and the message of the programs of this test; its schema is a text for changes to work on.
const totalSchema = `{"type": "record", "name": "shop.Total", "fields": [
	{"name": "n", "type": "long"},
	{"name": "sum", "type": "long"},
	{"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B", "C"]}},
	{"name": "last", "type": ["null", {"type": "record", "name": "Order", "fields": [{"name": "size", "type": "int", "default": 0}]}]},
	{"name": "label", "type": "string", "default": ""}
]}`

// schemaChange is a change of the schema that both releases can live with, as a replacement of text.
type schemaChange struct{ name, old, now string }

var schemaChanges = []schemaChange{
	{"field added", `{"name": "n"`, `{"name": "extra", "type": {"type": "map", "values": "string"}, "default": {"a": "b"}}, {"name": "n"`},
	{"field removed", `,
	{"name": "label", "type": "string", "default": ""}`, ``},
	{"field renamed", `{"name": "sum"`, `{"name": "total", "aliases": ["sum"]`},
	{"record renamed", `"name": "Order"`, `"name": "Purchase", "aliases": ["Order"]`},
	{"field of a record added", `[{"name": "size"`, `[{"name": "price", "type": "double", "default": 1.5}, {"name": "size"`},
	{"field of a record renamed", `{"name": "size"`, `{"name": "amount", "aliases": ["size"]`},
	{"symbols reordered", `["A", "B", "C"]`, `["C", "A", "B"]`},
	{"fields reordered", `{"name": "n", "type": "long"},`, `{"name": "label", "type": "string", "default": ""}, {"name": "n", "type": "long"},`},
}

// drawUpgrade draws the schema of a next release and says what has changed.
var drawUpgrade = rapid.Custom(func(t *rapid.T) (next codecs.Release) {
	text := totalSchema
	for _, c := range rapid.Permutation(schemaChanges).Draw(t, "changes")[:rapid.IntRange(1, 5).Draw(t, "number")] {
		if c.name == "fields reordered" { // the field is in its new place only
			text = strings.Replace(text, schemaChanges[1].old, "", 1)
		}
		if c.name == "field removed" && !strings.Contains(text, c.old) {
			continue
		}
		text = strings.Replace(text, c.old, c.now, 1)
		next.Name += " " + c.name + ","
	}
	next.Files = fstest.MapFS{"total.avsc": {Data: []byte(text)}}
	return next
})

// program is one release of a program: two processors in a row, each with a table.
type program struct {
	releases       *codecs.Releases
	topo           *topology.Topology
	orders         topology.Stream[string, totals]
	totals, mirror topology.Table[string, totals]
	sum, size      string // what the release calls these fields
	handled        atomic.Int64
}

type totals = map[string]any

func newProgram(t *testing.T, releases ...codecs.Release) *program {
	t.Helper()
	p := &program{sum: "sum", size: "size"}
	var err error
	if p.releases, err = codecs.NewReleases(releases...); err != nil {
		t.Fatal(err)
	}
	format := p.releases.MustFormat("shop.Total")
	if strings.Contains(format.Schema().String(), `"total"`) {
		p.sum = "total"
	}
	if strings.Contains(format.Schema().String(), `"amount"`) {
		p.size = "amount"
	}
	values := codecs.Avro[totals](format)
	p.orders = topology.NewStream("orders", text, values)
	changed := topology.NewStream("changed", text, values)

	b := topology.NewBuilder("shop")
	adder := topology.AddProcessor(b, "adder", text)
	state, out := topology.Persist(adder, values), topology.Output(adder, changed)
	topology.Input(adder, p.orders).Handle(func(_ context.Context, r *topology.Record[string, totals]) error {
		p.handled.Add(1)
		was, ok, err := state.Get(r)
		if err != nil {
			return err
		}
		row := p.total(r.Value["n"].(int64), r.Value[p.sum].(int64), r.Value["kind"], r.Value["last"].(totals)[p.size])
		if ok {
			row["n"], row[p.sum] = row["n"].(int64)+was["n"].(int64), row[p.sum].(int64)+was[p.sum].(int64)
		}
		if err := state.Set(r, row); err != nil {
			return err
		}
		return out.Emit(r, r.Key, row)
	})
	mirror := topology.AddProcessor(b, "mirror", text)
	copies := topology.Persist(mirror, values)
	topology.Input(mirror, changed).Handle(func(_ context.Context, r *topology.Record[string, totals]) error {
		return copies.Set(r, r.Value)
	})
	p.topo, p.totals, p.mirror = mustBuild(t, b), state.Table(), copies.Table()
	return p
}

// total is a value with all the fields that any release has.
func (p *program) total(n, sum int64, kind, size any) totals {
	return totals{
		"n": n, p.sum: sum, "kind": kind, "label": "", "extra": totals{"c": "d"},
		"last": totals{p.size: size, "price": 2.5},
	}
}

// member is a running worker.
type member struct {
	*topology.App
	stop  context.CancelFunc
	ended chan error
}

func (p *program) start(t *testing.T, brokers []string) *member {
	t.Helper()
	cfg := topology.Config{Brokers: brokers, InMemory: true, Partitions: 4}
	if err := topology.CreateTopics(t.Context(), p.topo, cfg); err != nil {
		t.Fatal(err)
	}
	app, err := topology.NewApp(p.topo, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	m := &member{app, stop, make(chan error, 1)}
	go func() { m.ended <- app.Run(ctx) }()
	select {
	case <-app.Ready():
	case err := <-m.ended:
		m.ended <- err
	}
	return m
}

func (m *member) end(t *testing.T) {
	t.Helper()
	m.stop()
	if err := <-m.ended; err != nil {
		t.Errorf("a worker ended with %v", err)
	}
}

const upgradeKeys = 20

func keyOf(i int) string { return fmt.Sprint("customer ", i) }

// send sends one order of each customer in the format of the program.
func (p *program) send(t *testing.T, by *member) {
	t.Helper()
	p.produce(t, by.Producer())
	if err := by.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (p *program) produce(t *testing.T, out *topology.Producer) {
	t.Helper()
	for i := range upgradeKeys {
		order := p.total(1, int64(i), []string{"A", "B", "C"}[i%3], int32(i))
		if err := topology.Produce(t.Context(), out, p.orders, keyOf(i), order); err != nil {
			t.Fatal(err)
		}
	}
}

// check reads both tables and compares them with what rounds of orders come to.
func (p *program) check(t *testing.T, brokers []string, rounds int64) {
	t.Helper()
	for _, table := range []topology.Table[string, totals]{p.totals, p.mirror} {
		rows, err := p.read(t, table, brokers)
		if err != nil || len(rows) != upgradeKeys {
			t.Errorf("%s has %d rows, %v, want %d", table.Topic(), len(rows), err, upgradeKeys)
		}
		for i := range upgradeKeys {
			row := rows[keyOf(i)]
			last, _ := row["last"].(totals)
			if row["n"] != rounds || row[p.sum] != rounds*int64(i) || row["kind"] != []string{"A", "B", "C"}[i%3] || last[p.size] != int32(i) {
				t.Errorf("%s: %q: %v, want %d orders", table.Topic(), keyOf(i), row, rounds)
			}
		}
	}
}

func (p *program) read(t *testing.T, table topology.Table[string, totals], brokers []string) (map[string]totals, error) {
	t.Helper()
	view, err := topology.OpenView(table, topology.Config{Brokers: brokers, InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	ended := make(chan error, 1)
	go func() { ended <- view.Run(ctx) }()
	defer func() {
		cancel()
		if err := errors.Join(<-ended, view.Close()); err != nil {
			t.Error(err)
		}
	}()
	if err := view.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	rows := map[string]totals{}
	for row, err := range view.All() {
		if err != nil {
			return rows, err
		}
		rows[row.Key] = row.Value
	}
	return rows, nil
}

// TestRollingUpgrade runs workers of two releases in one group at once: the new one joins the old one, then an old one
// joins the new one. Each processes what the other has written. Then the new format is written, which the old one
// refuses by name.
func TestRollingUpgrade(t *testing.T) {
	t.Parallel()
	upgrades := 6
	if testing.Short() {
		upgrades = 2
	}
	v1 := codecs.Release{Name: "v1", Files: fstest.MapFS{"total.avsc": {Data: []byte(totalSchema)}}}
	for i := range upgrades {
		next := drawUpgrade.Example(i)
		t.Run(next.Name, func(t *testing.T) {
			t.Parallel()
			brokers := topologytest.StartBroker(t)
			before, after := newProgram(t, v1), newProgram(t, v1, next)
			if err := after.releases.Write("v1"); err != nil {
				t.Fatal(err)
			}
			old := before.start(t, brokers)
			before.send(t, old)
			newer := after.start(t, brokers)
			both := func(send func()) {
				t.Helper()
				by, too := before.handled.Load(), after.handled.Load()
				send()
				if by == before.handled.Load() || too == after.handled.Load() {
					t.Error("one of two workers had nothing to do")
				}
			}
			both(func() { before.send(t, old); after.send(t, newer) })
			old.end(t)
			after.send(t, newer)
			old = before.start(t, brokers) // the other order
			both(func() { after.send(t, newer); before.send(t, old) })
			before.check(t, brokers, 6)
			after.check(t, brokers, 6)

			old.end(t)
			if err := after.releases.Write(next.Name); err != nil {
				t.Fatal(err)
			}
			after.send(t, newer)
			after.check(t, brokers, 7)
			if rows, err := before.read(t, before.totals, brokers); !errors.Is(err, codecs.ErrUnknownSchema) {
				t.Errorf("the old release reads %v, %v, want ErrUnknownSchema", rows, err)
			}
			newer.end(t)
			old = before.start(t, brokers)
			after.produceAlone(t, brokers)
			err := <-old.ended
			old.stop()
			var at *topology.ProcessError
			if !errors.Is(err, codecs.ErrUnknownSchema) || !errors.As(err, &at) || !slices.Contains([]string{"orders", "changed"}, at.Topic) {
				t.Errorf("the old worker ended with %v, want ErrUnknownSchema of a record", err)
			}
			newer = after.start(t, brokers) // and loses nothing of what the old one could not read
			if err := newer.Settle(t.Context()); err != nil {
				t.Fatal(err)
			}
			after.check(t, brokers, 8)
			newer.end(t)
		})
	}
}

// produceAlone sends one order of each customer from a process that does nothing else.
func (p *program) produceAlone(t *testing.T, brokers []string) {
	t.Helper()
	out, err := topology.OpenProducer(topology.Config{Brokers: brokers})
	if err != nil {
		t.Fatal(err)
	}
	p.produce(t, out)
	if err := errors.Join(out.Flush(t.Context()), out.Close()); err != nil {
		t.Fatal(err)
	}
}
