package conformance_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/eddystream/eddy/integration/brokertest"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/internal/pack"
	"github.com/eddystream/eddy/topology/topologytest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(brokertest.Main(m), goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick")) // one, of the program
}

// way is how a scenario is run on a broker.
type way struct {
	cfg     topology.Config
	restart bool // half way, with empty stores
	members int  // apps that share the work; 0: one
}

var ways = map[string]way{
	"1 partition":   {cfg: topology.Config{Partitions: 1}},
	"8 partitions":  {},
	"small batches": {cfg: topology.Config{BatchRecords: 1, CacheBytes: 1}},
	"on disk":       {cfg: topology.Config{DataDir: "a temporary folder"}},
	"restarted":     {restart: true},
	"two members":   {members: 2},
}

// deliveries are the delivery modes; every way is run with each of them.
var deliveries = map[string]func(*topology.Config){
	"at least once": func(*topology.Config) {},
	"exactly once":  func(c *topology.Config) { c.Delivery = topology.ExactlyOnce },
}

// driven are the ways in which a scenario is run on the driver.
var driven = map[string][]topologytest.DriverOption{
	"1 partition":  {topologytest.Partitions(1)},
	"batches":      {topologytest.Batch(5), topologytest.Fresh()},
	"exactly once": {topologytest.Delivery(topology.ExactlyOnce)},
	"exactly once, with crashes": {
		topologytest.Delivery(topology.ExactlyOnce), topologytest.Batch(3), topologytest.Interleave(1), topologytest.Crashes(0.2),
	},
}

// inMemory runs a scenario on the driver.
func inMemory(t *testing.T, s scenario, opts ...topologytest.DriverOption) outcome {
	t.Helper()
	d := topologytest.New(t, s.topology(t), opts...)
	feeds := map[string]*topologytest.Feed[string, string]{}
	for _, in := range s.inputs {
		feeds[in] = topologytest.Input(d, topology.NewStream(in, s.key(in), text))
	}
	for _, seed := range s.seeds {
		feeds[seed] = topologytest.Seed(d, topology.NewTable(seed, s.key(seed), text))
	}
	for _, st := range s.steps {
		if st.deleted {
			feeds[st.edge].SendDelete(st.key, st.options()...)
			continue
		}
		feeds[st.edge].Send(st.key, st.value, st.options()...)
	}
	o := newOutcome(s)
	for _, name := range s.tables {
		for _, row := range topologytest.Rows(d, topology.NewTable(name, s.key(name), text)) {
			o.Rows[name][row.Key] = row.Value
		}
	}
	for _, name := range s.outputs {
		for _, e := range topologytest.Output(d, stream(name)).All() {
			o.add(name, e.Key, e.Value, e.Deleted)
		}
	}
	return o
}

func newOutcome(s scenario) outcome {
	o := outcome{Rows: map[string]map[string]string{}, Outputs: map[string]map[string][]string{}}
	for _, name := range s.tables {
		o.Rows[name] = map[string]string{}
	}
	for _, name := range s.outputs {
		o.Outputs[name] = map[string][]string{}
	}
	return o
}

func (o outcome) add(output, key, value string, deleted bool) {
	if deleted {
		value = "(deleted)"
	}
	o.Outputs[output][key] = append(o.Outputs[output][key], value)
}

// onBroker runs a scenario on a broker of its own.
func onBroker(t *testing.T, s scenario, how way) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	how.cfg.Brokers = brokertest.Start(t)
	if how.cfg.DataDir == "" {
		how.cfg.InMemory = true
	} else {
		how.cfg.DataDir = t.TempDir()
	}
	topo := s.topology(t)
	must(t, topology.CreateTopics(ctx, topo, how.cfg))
	out, err := topology.OpenProducer(how.cfg)
	must(t, err)
	defer func() { must(t, out.Close()) }()

	var apps []*topology.App
	stop := func() {}
	start := func() {
		apps, stop = nil, func() {}
		for range max(1, how.members) {
			app, end := run(t, topo, how.cfg)
			before := stop
			stop = func() { before(); end() }
			apps = append(apps, app)
		}
	}
	settle := func() {
		t.Helper()
		must(t, out.Flush(ctx))
		if len(apps) == 1 {
			must(t, apps[0].Settle(ctx))
			return
		}
		for rest := false; !rest; {
			for _, app := range apps { // tables have applied what was sent
				must(t, app.Settle(ctx))
			}
			var err error
			rest, err = topology.AtRest(ctx, topo, how.cfg)
			must(t, err)
		}
	}
	start()
	for i, st := range s.steps {
		if how.restart && i == len(s.steps)/2 {
			stop()
			start()
		}
		to := topology.NewStream(st.edge, s.key(st.edge), text)
		if st.deleted {
			must(t, topology.ProduceDelete(ctx, out, to, st.key, st.options()...))
		} else {
			must(t, topology.Produce(ctx, out, to, st.key, st.value, st.options()...))
		}
		if s.ordered {
			settle()
		}
	}
	settle()
	stop()

	o := newOutcome(s)
	for _, name := range s.tables {
		for _, r := range read(ctx, t, how.cfg, name) {
			if r.Value == nil {
				delete(o.Rows[name], string(r.Key))
				continue
			}
			o.Rows[name][string(r.Key)] = string(r.Value)
		}
	}
	for _, name := range s.outputs {
		for _, r := range read(ctx, t, how.cfg, name) {
			o.add(name, string(r.Key), string(r.Value), r.Value == nil)
		}
	}
	for _, name := range s.packed {
		isPack := func(r *kgo.Record) bool {
			return slices.ContainsFunc(r.Headers, func(h kgo.RecordHeader) bool { return h.Key == pack.HeaderKey })
		}
		if records := read(ctx, t, how.cfg, name); !slices.ContainsFunc(records, isPack) {
			t.Errorf("none of %d records of %q is a pack", len(records), name)
		}
	}
	return o
}

// run runs an app until the function it returns is called.
func run(t *testing.T, topo *topology.Topology, cfg topology.Config) (*topology.App, func()) {
	t.Helper()
	app, err := topology.NewApp(topo, cfg)
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx) }()
	select {
	case <-app.Ready():
	case err := <-ended:
		cancel()
		t.Fatalf("the app ended before it was ready: %v", err)
	}
	return app, func() {
		cancel()
		must(t, <-ended)
	}
}

// read reads what is committed of a topic, from its start to its end.
func read(ctx context.Context, t *testing.T, cfg topology.Config, topic string) []*kgo.Record {
	t.Helper()
	// Markers of transactions count as records where a log ends, and are left out of what is returned.
	kafka, err := kgo.NewClient(kgo.SeedBrokers(cfg.Brokers...), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())
	must(t, err)
	defer kafka.Close()
	// Not where what is committed ends: a broker says that a transaction is, and then writes its markers.
	ends, err := kadm.NewClient(kafka).ListEndOffsets(ctx, topic)
	must(t, err)
	behind := map[int32]int64{}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			behind[o.Partition] = o.Offset
		}
	})
	var records []*kgo.Record
	for len(behind) > 0 {
		fetches := kafka.PollFetches(ctx)
		must(t, ctx.Err())
		fetches.EachRecord(func(r *kgo.Record) {
			if r.Offset+1 >= behind[r.Partition] {
				delete(behind, r.Partition)
			}
			if !r.Attrs.IsControl() {
				records = append(records, r)
			}
		})
	}
	return records
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
