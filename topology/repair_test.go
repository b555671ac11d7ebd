package topology_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// ledger is a topology of two processors with a stream between them, and a table at the end; it runs on a disk.
type ledger struct {
	t      *testing.T
	topo   *topology.Topology
	totals topology.Table[string, int64]
	cfg    topology.Config
	admin  *kadm.Client
}

func newLedger(t *testing.T) *ledger {
	t.Helper()
	b := topology.NewBuilder("ledger")
	mid := topology.NewStream("ledger-mid", text, count)
	topology.From(topology.AddProcessor(b, "first", text), stream("in")).To(mid)
	totals := topology.Aggregate(topology.From(topology.AddProcessor(b, "second", text), mid), count, func(n, v int64) int64 { return n + v })
	brokers := topologytest.StartBroker(t)
	kafka, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	l := &ledger{
		t: t, topo: mustBuild(t, b), totals: totals.Table(), admin: kadm.NewClient(kafka),
		cfg: topology.Config{Brokers: brokers, DataDir: t.TempDir(), Partitions: 2, SessionTimeout: 6 * time.Second},
	}
	if err := topology.CreateTopics(t.Context(), l.topo, l.cfg); err != nil {
		t.Fatal(err)
	}
	return l
}

// work runs the ledger, has it add n to ten keys, and ends it. Its groups have no members afterwards.
func (l *ledger) work(n int64) {
	l.t.Helper()
	app, end := startApp(l.t, l.topo, l.cfg)
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	if n != 0 {
		producer, err := topology.OpenProducer(l.cfg)
		if err != nil {
			l.t.Fatal(err)
		}
		for i := range 10 {
			if err := topology.Produce(ctx, producer, stream("in"), fmt.Sprint("k", i), n); err != nil {
				l.t.Fatal(err)
			}
		}
		if err := producer.Close(); err != nil {
			l.t.Fatal(err)
		}
	}
	if err := app.Settle(ctx); err != nil {
		l.t.Fatalf("%v; the app ended with %v", err, end())
	}
	if err := end(); err != nil {
		l.t.Fatal(err)
	}
	l.leave()
}

// leave takes the static members out of the groups.
func (l *ledger) leave() {
	l.t.Helper()
	described, err := l.admin.DescribeGroups(l.t.Context(), "ledger-first", "ledger-second")
	if err != nil {
		l.t.Fatal(err)
	}
	for _, g := range described {
		for _, m := range g.Members {
			if m.InstanceID == nil {
				continue
			}
			if _, err := l.admin.LeaveGroup(l.t.Context(), kadm.LeaveGroup(g.Group).InstanceIDs(*m.InstanceID)); err != nil {
				l.t.Fatal(err)
			}
		}
	}
}

// refused expects a start to say what is missing, and nothing to be changed by it.
func (l *ledger) refused(parts ...string) {
	l.t.Helper()
	before := l.rowsOnDisk()
	app, err := topology.NewApp(l.topo, l.cfg)
	if err != nil {
		l.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	err = app.Run(ctx)
	if !errors.Is(err, topology.ErrStateMissing) {
		l.t.Fatalf("the start ends with %v", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			l.t.Errorf("no %q in: %v", part, err)
		}
	}
	if after := l.rowsOnDisk(); after != before {
		l.t.Errorf("the disk has %d rows, and had %d", after, before)
	}
	l.leave()
}

func (l *ledger) rowsOnDisk() int {
	l.t.Helper()
	tables, err := topologytest.LocalTables(l.cfg.DataDir, "ledger")
	if err != nil && !strings.Contains(err.Error(), "no such file") {
		l.t.Fatal(err)
	}
	n := 0
	for _, table := range tables {
		n += len(table.Rows)
	}
	return n
}

// rows checks the table as a reader sees it.
func (l *ledger) rows(want int64, n int) {
	l.t.Helper()
	view, err := topology.OpenView(l.totals, topology.Config{Brokers: l.cfg.Brokers, InMemory: true})
	if err != nil {
		l.t.Fatal(err)
	}
	defer view.Close()
	go func() { _ = view.Run(l.t.Context()) }()
	<-view.Recovered()
	found := 0
	for e, err := range view.All() {
		if err != nil {
			l.t.Fatal(err)
		}
		if found++; e.Value != want {
			l.t.Errorf("%s is %d, want %d", e.Key, e.Value, want)
		}
	}
	if found != n {
		l.t.Errorf("%d rows, want %d", found, n)
	}
}

// lose does something to the table's topic.
func (l *ledger) lose(how string) {
	l.t.Helper()
	const topic = "ledger-second-table"
	switch how {
	case "deleted", "made anew":
		if _, err := l.admin.DeleteTopic(l.t.Context(), topic); err != nil {
			l.t.Fatal(err)
		}
		if how == "deleted" {
			return
		}
		if err := topology.CreateTopics(l.t.Context(), l.topo, l.cfg); !errors.Is(err, topology.ErrStateMissing) {
			l.t.Errorf("CreateTopics makes it as if nothing were: %v", err)
		}
		if _, err := l.admin.CreateTopic(l.t.Context(), 2, 1, map[string]*string{"cleanup.policy": new("compact")}, topic); err != nil {
			l.t.Fatal(err)
		}
	case "emptied":
		ends, err := l.admin.ListEndOffsets(l.t.Context(), topic)
		if err != nil {
			l.t.Fatal(err)
		}
		if _, err := l.admin.DeleteRecords(l.t.Context(), ends.Offsets()); err != nil {
			l.t.Fatal(err)
		}
	}
}

// A table that is gone, made anew or emptied is no first start, with the copy on the disk and without it. The copy writes it again; without one
// it is given up, or all is processed again.
func TestStateThatIsMissing(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"deleted", "made anew", "emptied"} {
		for _, way := range []string{"restore", "reset", "give up"} {
			t.Run(how+", "+way, func(t *testing.T) {
				t.Parallel()
				l := newLedger(t)
				l.work(3)
				l.rows(3, 10)
				l.lose(how)
				if way != "restore" {
					l.cfg.DataDir = t.TempDir() // the disk is lost, too
				}
				l.refused(`"ledger-second-table"`)
				var said []string
				o := topology.RepairOptions{DryRun: true, Say: func(step string) { said = append(said, step) }}
				repair := topology.Reset
				switch way {
				case "restore":
					repair = topology.RestoreTables
				case "give up":
					o.KeepState = true
				}
				if err := repair(t.Context(), l.topo, l.cfg, o); err != nil || !strings.Contains(strings.Join(said, "\n"), "ledger-second-table") {
					t.Errorf("%v, said %q", err, said)
				}
				l.refused(`"ledger-second-table"`) // nothing was done
				o.DryRun = false
				if err := repair(t.Context(), l.topo, l.cfg, o); err != nil {
					t.Fatal(err)
				}
				l.work(4)
				if way == "give up" {
					l.rows(4, 10)
				} else {
					l.rows(7, 10) // from the disk, or from the inputs
				}
				l.cfg.DataDir = t.TempDir()
				l.work(0) // and from the topic alone
			})
		}
	}
}

// A disk whose topic is of another cluster, or whose group is unknown, is not thrown away for an empty topic.
func TestDiskOfAnotherCluster(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	l.work(3)
	other := newLedger(t)
	other.cfg.DataDir = l.cfg.DataDir
	other.refused("local copy")
	if l.rowsOnDisk() != 10 {
		t.Errorf("%d rows are left", l.rowsOnDisk())
	}
}

// What is between two processors is state as well; and a processor is not reset without those that write what it reads.
func TestResetTogether(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	l.work(3)
	err := topology.Reset(t.Context(), l.topo, l.cfg, topology.RepairOptions{Processors: []string{"second"}})
	if err == nil || !strings.Contains(err.Error(), `"first"`) || !strings.Contains(err.Error(), `"ledger-mid"`) {
		t.Errorf("reset of a half: %v", err)
	}
	if err := topology.Reset(t.Context(), l.topo, l.cfg, topology.RepairOptions{Processors: []string{"third"}}); err == nil {
		t.Error("a processor was reset that there is none of")
	}
	app, end := startApp(t, l.topo, l.cfg)
	<-app.Ready()
	if err := topology.Reset(t.Context(), l.topo, l.cfg, topology.RepairOptions{}); err == nil || !strings.Contains(err.Error(), "members") {
		t.Errorf("reset under a running app: %v", err)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	l.leave()
	if err := topology.Reset(t.Context(), l.topo, l.cfg, topology.RepairOptions{To: topology.Newest}); err != nil {
		t.Fatal(err)
	}
	l.work(5)
	l.rows(5, 10)
}

// A name that is spelled wrongly is not made into a topic, whatever it is read as.
func TestTopicsThatAreOnlyRead(t *testing.T) {
	t.Parallel()
	brokers := topologytest.StartBroker(t)
	f := newForeign(t, brokers)
	f.topic("orders", 2, nil)
	b := topology.NewBuilder("t")
	p := processor(b, "p", "oders")
	topology.Join(p, table("prices"))
	topology.Lookup(p, table("cities"))
	topology.Output(p, stream("made"))
	topology.Input(p, stream("ours", topology.CreateMissing(), topology.Partitions(2))).Handle(nothing)
	topo := mustBuild(t, b)
	app, err := topology.NewApp(topo, topology.Config{Brokers: brokers, InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	err = app.Run(t.Context())
	if !errors.Is(err, topology.ErrNoTopic) {
		t.Fatalf("ended with %v", err)
	}
	for _, part := range []string{`"oders"`, `"prices"`, `"cities"`, `processor "p"`} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("no %s in: %v", part, err)
		}
	}
	topics, err := kadm.NewClient(f.kafka).ListTopics(t.Context())
	if err != nil || len(topics.Names()) != 1 {
		t.Errorf("topics %q, %v", topics.Names(), err)
	}
}

// Topics are made as they are declared, and one that exists otherwise is an error.
func TestTopicsAsDeclared(t *testing.T) {
	t.Parallel()
	brokers := topologytest.StartBroker(t)
	f := newForeign(t, brokers)
	declared := func(n int) *topology.Topology {
		b := topology.NewBuilder("t")
		p := processor(b, "p", "in")
		topology.Output(p, stream("out", topology.Partitions(n), topology.TopicConfig("compression.type", "lz4"), topology.Retention(time.Hour)))
		topology.Lookup(p, topology.NewTable("short-lived", text, count, topology.Retention(time.Hour)))
		return mustBuild(t, b)
	}
	cfg := topology.Config{Brokers: brokers, Partitions: 2}
	for range 2 { // the second time they are only checked
		if err := topology.CreateTopics(t.Context(), declared(5), cfg); err != nil {
			t.Fatal(err)
		}
	}
	admin := kadm.NewClient(f.kafka)
	topics, err := admin.ListTopics(t.Context())
	if err != nil || len(topics["out"].Partitions) != 5 || len(topics["in"].Partitions) != 2 {
		t.Errorf("%d and %d partitions, %v", len(topics["out"].Partitions), len(topics["in"].Partitions), err)
	}
	configs, err := admin.DescribeTopicConfigs(t.Context(), "out", "short-lived")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range [][3]string{{"out", "compression.type", "lz4"}, {"out", "retention.ms", "3600000"}, {"short-lived", "cleanup.policy", "compact,delete"}} {
		r, err := configs.On(want[0], nil)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, c := range r.Configs {
			if c.Key == want[1] {
				got = c.MaybeValue()
			}
		}
		if got != want[2] {
			t.Errorf("%s of %s is %q, want %q", want[1], want[0], got, want[2])
		}
	}
	if err := topology.CreateTopics(t.Context(), declared(6), cfg); err == nil || !strings.Contains(err.Error(), "6") || !strings.Contains(err.Error(), "5") {
		t.Errorf("another count: %v", err)
	}
}
