package topology_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// An app that has failed, or is asked to stop, is not well while it finishes what it began, though it was ready.
func TestHealthWhileStopping(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]bool{"fails": true, "stops": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			entered, release := make(chan struct{}), make(chan struct{})
			wrong := errors.New("wrong")
			b := topology.NewBuilder("health")
			slow := topology.AddProcessor(b, "slow", text)
			topology.Input(slow, stream("slow")).Handle(func(context.Context, *topology.Record[string, int64]) error {
				close(entered)
				<-release
				return nil
			})
			failing := topology.AddProcessor(b, "failing", text)
			topology.Input(failing, stream("in")).Handle(func(context.Context, *topology.Record[string, int64]) error { return wrong })
			app, stop := startOnTopics(t, mustBuild(t, b), topology.Config{
				Brokers: topologytest.StartBroker(t), InMemory: true, DrainTimeout: 30 * time.Second, Partitions: 1,
			})
			<-app.Ready()
			if err := app.Health(); err != nil {
				t.Errorf("ready, and not well: %v", err)
			}
			produce := func(topic string) {
				if err := topology.Produce(t.Context(), app.Producer(), stream(topic), "a", 1); err != nil {
					t.Error(err)
				}
			}
			produce("slow")
			<-entered
			ended := make(chan error, 1)
			want := "stopping"
			if fails {
				produce("in")
				want = "wrong"
			} else {
				go func() { ended <- stop() }()
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			for app.Health() == nil && ctx.Err() == nil {
				runtime.Gosched() // it hears of it soon
			}
			if err := app.Health(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("not ended yet, it says %v, want %q", err, want)
			}
			close(release)
			if fails {
				go func() { ended <- stop() }()
			}
			if err := <-ended; errors.Is(err, wrong) != fails {
				t.Error(err)
			}
		})
	}
}
