package deploy_test

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/goleak"

	"github.com/eddystream/eddy/cmd/eddy/internal/deploy"
	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/topology"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick")) // one for ever, of the client's metrics
}

var (
	key   = codecs.String[string]()
	words = topology.NewStream("words", key, key, topology.CreateMissing())
)

// errWord is how a processor fails.
var errWord = errors.New("a word that must not be")

// counter counts words, and fails at one.
func counter(t *testing.T) (*topology.Topology, topology.Table[string, int64]) {
	t.Helper()
	b := topology.NewBuilder("words")
	p := topology.AddProcessor(b, "counter", key)
	count := topology.Persist(p, codecs.Int64())
	topology.Input(p, words).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
		if r.Key == "fail" {
			return errWord
		}
		n, _, err := count.Get(r)
		if err != nil {
			return err
		}
		return count.Set(r, n+1)
	})
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return topo, count.Table()
}

func send(t *testing.T, d *deploy.Deployment, word string) error {
	t.Helper()
	if err := topology.Produce(t.Context(), d.App.Producer(), words, word, ""); err != nil {
		t.Fatal(err)
	}
	return d.App.Settle(t.Context())
}

func TestDeploymentKeepsItsState(t *testing.T) {
	t.Parallel()
	topo, table := counter(t)
	cfg := deploy.Config{Topology: topo, Run: topology.Config{Partitions: 2, DataDir: t.TempDir()}}
	for want := range int64(3) {
		d, err := deploy.Start(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := send(t, d, "a"); err != nil {
			t.Fatal(err)
		}
		err = replay.ReadTable(t.Context(), d.Config, table, func(v *topology.View[string, int64]) error {
			if n, ok, err := v.Get("a"); n != want+1 || !ok || err != nil {
				t.Errorf("count %d, %t, %v; want %d", n, ok, err, want+1)
			}
			return nil
		})
		if err := errors.Join(err, d.Close(), d.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDeploymentTellsWhyItEnded(t *testing.T) {
	t.Parallel()
	topo, _ := counter(t)
	d, err := deploy.Start(t.Context(), deploy.Config{Topology: topo})
	if err != nil {
		t.Fatal(err)
	}
	if err := send(t, d, "fail"); !errors.Is(err, errWord) {
		t.Errorf("settle: %v", err)
	}
	<-d.Ended()
	if err := d.Close(); !errors.Is(err, errWord) {
		t.Errorf("close: %v", err)
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	topo, _ := counter(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, start := range map[string]func() (*deploy.Deployment, error){
		"an unknown processor": func() (*deploy.Deployment, error) {
			return deploy.Start(t.Context(), deploy.Config{Topology: topo, Run: topology.Config{Processors: []string{"nobody"}}})
		},
		"no address": func() (*deploy.Deployment, error) {
			return deploy.Start(t.Context(), deploy.Config{Topology: topo, Listen: "nowhere"})
		},
		"an ended context": func() (*deploy.Deployment, error) {
			return deploy.Start(ended, deploy.Config{Topology: topo})
		},
	} {
		if d, err := start(); err == nil {
			t.Errorf("%s: started", name)
			_ = d.Close()
		}
	}
}
