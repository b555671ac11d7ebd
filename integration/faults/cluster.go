//go:build unix

package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/eddystream/eddy/integration/watchdog"
	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/topology"
)

// The deliveries.
const (
	AtLeastOnce = "at-least-once"
	ExactlyOnce = "exactly-once"
)

// topologyName is the name of the pipeline's topology, and of the folder of its local store.
const topologyName = "eddy"

// Config says what a [Cluster] is made of. All fields but Delivery are required.
type Config struct {
	Eddy       string   // the command
	Brokers    []string // of a cluster without topics
	Dir        string   // for data and logs of the workers
	Workers    int
	Partitions int
	Session    time.Duration // session timeout of the workers
	// Delivery is what the workers promise. Defaults to AtLeastOnce.
	Delivery string
}

// Cluster is a broker, which somebody else has started, and the workers that run the wiki pipeline on it.
type Cluster struct {
	Config

	Workers []*Worker

	topo       *topology.Topology
	processors []string
	groups     map[string]string // processor → consumer group
	cfg        topology.Config   // of this process, past the proxies
	watchdog   *watchdog.Watchdog
	producer   *topology.Producer
	to         replay.Pipeline

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when a worker logs or ends
}

// NewCluster makes the topics and the workers, which do not run yet.
func NewCluster(ctx context.Context, cfg Config) (_ *Cluster, err error) {
	c := &Cluster{
		Config: cfg, changed: make(chan struct{}), groups: map[string]string{},
		cfg: topology.Config{Brokers: cfg.Brokers, InMemory: true, Partitions: cfg.Partitions},
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("faults: %w", err), c.Close())
		}
	}()
	if c.watchdog, err = watchdog.Watch(""); err != nil {
		return nil, err
	}
	if c.topo, err = processors.New(processors.Options{}); err != nil {
		return nil, err
	}
	if err := c.describe(); err != nil {
		return nil, err
	}
	if err := topology.CreateTopics(ctx, c.topo, c.cfg); err != nil {
		return nil, err
	}
	if c.producer, err = topology.OpenProducer(c.cfg); err != nil {
		return nil, err
	}
	c.to = replay.ToWorkers(c.producer, c.topo, c.cfg)
	for i := range cfg.Workers {
		w := &Worker{Name: fmt.Sprintf("worker-%d", i), cluster: c}
		w.Dir = filepath.Join(cfg.Dir, w.Name)
		if err := os.MkdirAll(cfg.Dir, 0o755); err != nil { //nolint:gosec // a test's data
			return nil, err
		}
		if w.Proxy, err = OpenProxy(cfg.Brokers); err != nil {
			return nil, err
		}
		c.Workers = append(c.Workers, w)
	}
	return c, nil
}

// describe reads the names of processors and groups.
func (c *Cluster) describe() error {
	text, err := c.topo.JSON()
	if err != nil {
		return err
	}
	var model struct {
		Processors []struct {
			Name  string `json:"name"`
			Group string `json:"group"`
		} `json:"processors"`
	}
	if err := json.Unmarshal(text, &model); err != nil {
		return err
	}
	for _, p := range model.Processors {
		c.processors = append(c.processors, p.Name)
		c.groups[p.Name] = p.Group
	}
	return nil
}

// Close kills the workers that still run.
func (c *Cluster) Close() error {
	var errs []error
	for _, w := range c.Workers {
		errs = append(errs, w.end())
	}
	if c.producer != nil {
		errs = append(errs, c.producer.Close())
	}
	if c.watchdog != nil {
		errs = append(errs, c.watchdog.Close())
	}
	return errors.Join(errs...)
}

// notify wakes those who wait.
func (c *Cluster) notify() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.changed)
	c.changed = make(chan struct{})
}

// await waits until a condition holds, which is looked at again whenever a worker logs something or ends. A worker that ends by
// itself is an error.
func (c *Cluster) await(ctx context.Context, what string, holds func() bool) error {
	for {
		c.mu.Lock()
		changed := c.changed
		c.mu.Unlock()
		for _, w := range c.Workers {
			if _, err := w.state(); err != nil {
				return fmt.Errorf("waiting for %s: %w", what, err)
			}
		}
		if holds() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w; %s", what, ctx.Err(), c.assignments())
		}
	}
}

// assignments says who has what.
func (c *Cluster) assignments() string {
	lines := make([]string, len(c.Workers))
	for i, w := range c.Workers {
		lines[i] = fmt.Sprintf("%s has %v", w.Name, w.Assigned())
	}
	return strings.Join(lines, "; ")
}

// Whole waits until every partition of every processor is assigned to exactly one of the workers, each of which has some.
func (c *Cluster) Whole(ctx context.Context, workers ...*Worker) error {
	return c.await(ctx, "all partitions to be assigned once", func() bool {
		for _, p := range c.processors {
			var have []int32
			for _, w := range workers {
				own := w.Assigned()[p]
				if len(own) == 0 {
					return false
				}
				have = append(have, own...)
			}
			slices.Sort(have)
			if len(have) != c.Partitions || len(slices.Compact(have)) != c.Partitions {
				return false
			}
		}
		return true
	})
}

// Send sends events in their order.
func (c *Cluster) Send(ctx context.Context, events []simwiki.Event) error {
	for _, e := range events {
		var err error
		if e.Change != nil {
			err = c.to.Change(ctx, e.PageKey(), *e.Change)
		} else {
			err = c.to.Render(ctx, e.PageKey(), *e.Render)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Settle waits until all that was sent is processed, and all that followed from it. A worker that ends by itself is an error.
func (c *Cluster) Settle(ctx context.Context) error {
	ctx, done := c.guard(ctx)
	err := c.to.Settle(ctx)
	if err != nil {
		err = fmt.Errorf("waiting for rest: %w; %s", err, c.assignments())
	}
	return done(err)
}

// guard returns a context that ends when a worker ends by itself. Done ends it; to an error that comes of that it adds the reason.
func (c *Cluster) guard(ctx context.Context) (guarded context.Context, done func(error) error) {
	guarded, cancel := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		cancel(c.await(guarded, "the end", func() bool { return false }))
	}()
	return guarded, func(err error) error {
		cancel(nil)
		<-watched
		if cause := context.Cause(guarded); err != nil && !errors.Is(cause, guarded.Err()) {
			return errors.Join(cause, err)
		}
		return err
	}
}
