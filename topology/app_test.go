package topology_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// relay is two processors: "first" counts by key and sends each count on, "second" sums them up.
func relay(t *testing.T) (*topology.Topology, topology.Table[string, int64]) {
	t.Helper()
	b := topology.NewBuilder("relay")
	p := topology.AddProcessor(b, "first", text)
	state, out := topology.Persist(p, count), topology.Output(p, stream("between"))
	topology.Input(p, stream("in")).Handle(func(_ context.Context, r *topology.Record[string, int64]) error {
		n, _, err := state.Get(r)
		if err != nil {
			return err
		}
		if err := state.Set(r, n+1); err != nil {
			return err
		}
		return out.Emit(r, r.Key, r.Value)
	})
	q := topology.AddProcessor(b, "second", text)
	sums := topology.Aggregate(topology.From(q, stream("between")), count, func(sum int64, v int64) int64 { return sum + v })
	return mustBuild(t, b), sums.Table()
}

// startOnTopics makes all topics and runs an app.
func startOnTopics(t *testing.T, topo *topology.Topology, cfg topology.Config) (*topology.App, func() error) {
	t.Helper()
	if err := topology.CreateTopics(t.Context(), topo, cfg); err != nil {
		t.Fatal(err)
	}
	return startApp(t, topo, cfg)
}

// startApp runs an app and returns how to end it.
func startApp(t *testing.T, topo *topology.Topology, cfg topology.Config) (*topology.App, func() error) {
	t.Helper()
	app, err := topology.NewApp(topo, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx) }()
	return app, func() error {
		cancel()
		return <-ended
	}
}

func TestAppRunsATopology(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cfg := topology.Config{Brokers: topologytest.StartBroker(t), DataDir: t.TempDir()}
	topo, sums := relay(t)
	app := topologytest.RunApp(t, topo, cfg)
	view, err := topology.OpenView(sums, topology.Config{Brokers: cfg.Brokers, InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	following := make(chan error, 1)
	go func() { following <- view.Run(ctx) }()
	for round := int64(1); round <= 20; round++ {
		for i := range int64(10) {
			if err := topology.Produce(ctx, app.Producer(), stream("in"), fmt.Sprint("k", i), i); err != nil {
				t.Fatal(err)
			}
		}
		if err := app.Settle(ctx); err != nil {
			t.Fatal(err)
		}
		if err := view.Settle(ctx); err != nil {
			t.Fatal(err)
		}
		for i := range int64(10) {
			if got, _, err := view.Get(fmt.Sprint("k", i)); err != nil || got != i*round {
				t.Fatalf("round %d: sum of k%d is %d, %v", round, i, got, err)
			}
		}
	}
	if err := view.Close(); err != nil {
		t.Error(err)
	}
	if err := <-following; err != nil {
		t.Error(err)
	}
}

// Two processes, each with one processor of the topology.
func TestAppRunsSomeProcessors(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	brokers := topologytest.StartBroker(t)
	topo, sums := relay(t)
	first := topologytest.RunApp(t, topo, topology.Config{Brokers: brokers, Processors: []string{"first"}})
	second := topologytest.RunApp(t, topo, topology.Config{Brokers: brokers, Processors: []string{"second"}})
	for range 100 {
		if err := topology.Produce(ctx, first.Producer(), stream("in"), "a", 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(first.Settle(ctx), second.Settle(ctx)); err != nil {
		t.Fatal(err)
	}
	view, err := topology.OpenView(sums, topology.Config{Brokers: brokers, InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	following := make(chan error, 1)
	go func() { following <- view.Run(ctx) }()
	if err := view.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	if sum, _, err := view.Get("a"); sum != 100 || err != nil {
		t.Errorf("sum %d, %v", sum, err)
	}
	if err := errors.Join(view.Close(), <-following); err != nil {
		t.Error(err)
	}
}

func TestAppEndsWithTheErrorOfARecord(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	brokers := topologytest.StartBroker(t)
	topo, _ := relay(t)
	app, end := startOnTopics(t, topo, topology.Config{Brokers: brokers, InMemory: true})
	<-app.Ready()
	if err := topology.Produce(ctx, app.Producer(), topology.NewStream("in", text, text), "a", "not a number"); err != nil {
		t.Fatal(err)
	}
	settled := app.Settle(ctx)
	var pe *topology.ProcessError
	if !errors.Is(settled, topology.ErrDecode) || !errors.As(settled, &pe) || pe.Processor != "first" || pe.Topic != "in" || string(pe.Key) != "a" {
		t.Errorf("Settle: %v", settled)
	}
	if err := end(); !errors.Is(err, settled) {
		t.Errorf("Run: %v, want what Settle said", err)
	}
	if err := app.Settle(ctx); !errors.Is(err, settled) {
		t.Errorf("Settle after the end: %v", err)
	}
}

func TestAppRunsOnce(t *testing.T) {
	t.Parallel()
	topo, _ := relay(t)
	app, end := startOnTopics(t, topo, topology.Config{Brokers: topologytest.StartBroker(t), InMemory: true})
	<-app.Ready()
	if err := app.Run(t.Context()); !errors.Is(err, topology.ErrNotRunning) {
		t.Errorf("a second Run: %v", err)
	}
	if err := end(); err != nil {
		t.Errorf("Run: %v", err)
	}
	if err := app.Settle(t.Context()); !errors.Is(err, topology.ErrNotRunning) {
		t.Errorf("Settle after the end: %v", err)
	}
	app.Close()
}

func TestAppOfWrongSettings(t *testing.T) {
	t.Parallel()
	topo, _ := relay(t)
	_, err := topology.NewApp(topo, topology.Config{Partitions: -1, Processors: []string{"first", "third"}})
	for _, want := range []string{"brokers", "data dir", "partitions", `"third"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
	unused, err := topology.NewApp(topo, topology.Config{Brokers: []string{"127.0.0.1:1"}, InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	unused.Close()
}

// Topics that do not fit stop the start with an error that names both.
func TestAppChecksTopics(t *testing.T) {
	t.Parallel()
	brokers := topologytest.StartBroker(t)
	topo, _ := relay(t)
	other := topology.NewBuilder("other")
	processor(other, "p", "in")
	if err := topology.CreateTopics(t.Context(), mustBuild(t, other), topology.Config{Brokers: brokers, Partitions: 3}); err != nil {
		t.Fatal(err)
	}
	table := topology.NewBuilder("relay")
	p := topology.AddProcessor(table, "first", text)
	topology.Persist(p, count)
	topology.Input(p, stream("elsewhere")).Handle(nothing)
	if err := topology.CreateTopics(t.Context(), mustBuild(t, table), topology.Config{Brokers: brokers, Partitions: 8}); err != nil {
		t.Fatal(err)
	}
	app, end := startApp(t, topo, topology.Config{Brokers: brokers, InMemory: true})
	err := app.Settle(t.Context())
	for _, want := range []string{`"in"`, `"relay-first-table"`, "3", "8"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
	_ = end()
}

func TestAppStopsBeforeItStarted(t *testing.T) {
	t.Parallel()
	topo, _ := relay(t)
	app, err := topology.NewApp(topo, topology.Config{Brokers: topologytest.StartBroker(t), InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := app.Run(ctx); err != nil {
		t.Errorf("Run: %v", err)
	}
}
