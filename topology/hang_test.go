package topology_test

import (
	"context"
	"testing"
	"time"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// A handler that heeds no context is left behind after the drain timeout: the app ends, and tells that something was dropped.
func TestHandlerThatHangs(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	b := topology.NewBuilder("hang")
	p := topology.AddProcessor(b, "stuck", text)
	topology.Input(p, stream("in")).Handle(func(context.Context, *topology.Record[string, int64]) error {
		close(entered)
		<-release
		return nil
	})
	dropped := make(chan bool, 1)
	app, stop := startOnTopics(t, mustBuild(t, b), topology.Config{
		Brokers: topologytest.StartBroker(t), InMemory: true, DrainTimeout: 10 * time.Millisecond, Partitions: 1,
		Observer: &topology.Observer{Revoked: func(i topology.RevokedInfo) { dropped <- i.Dropped }},
	})
	<-app.Ready()
	if err := topology.Produce(t.Context(), app.Producer(), stream("in"), "a", 1); err != nil {
		t.Fatal(err)
	}
	<-entered
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	select {
	case err := <-ended:
		if err != nil || !<-dropped {
			t.Errorf("it ended with %v, and nothing was dropped", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it does not end")
	}
}
