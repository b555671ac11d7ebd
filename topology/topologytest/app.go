package topologytest

import (
	"context"
	"testing"
	"time"

	"github.com/eddystream/eddy/topology"
)

// startTimeout bounds the start and the end of an app.
const startTimeout = time.Minute

// RunApp runs a topology until the end of the test and returns when it is ready. Topics that do not exist are made, those that are only read
// too. Where cfg names no brokers it starts one in this
// process, and where it names no folder the stores are in memory. An app that does not start, or ends with an error, fails the test.
func RunApp(t testing.TB, topo *topology.Topology, cfg topology.Config) *topology.App {
	t.Helper()
	if len(cfg.Brokers) == 0 {
		cfg.Brokers = StartBroker(t)
	}
	if cfg.DataDir == "" {
		cfg.InMemory = true
	}
	making, cancel := context.WithTimeout(t.Context(), startTimeout)
	err := topology.CreateTopics(making, topo, cfg)
	cancel()
	if err != nil {
		t.Fatalf("topologytest: create topics: %v", err)
	}
	app, err := topology.NewApp(topo, cfg)
	if err != nil {
		t.Fatalf("topologytest: new app: %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("topologytest: the app ended with %v", err)
			}
		case <-time.After(startTimeout):
			t.Error("topologytest: the app does not stop")
		}
	})
	select {
	case <-app.Ready():
	case err := <-ended:
		ended <- nil // reported here
		t.Fatalf("topologytest: the app ended before it was ready: %v", err)
	case <-time.After(startTimeout):
		t.Fatal("topologytest: the app is not ready")
	}
	return app
}
