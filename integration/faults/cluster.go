//go:build unix

package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"github.com/eddystream/eddy/integration/kafka"
	"github.com/eddystream/eddy/integration/watchdog"
	"github.com/eddystream/eddy/topology"
)

// Config says what a [Cluster] is made of.
type Config struct {
	// Eddy and Counter are the paths of the commands: see [Build].
	Eddy, Counter string
	// Dir is where data and logs of the workers are kept. Required.
	Dir string
	// Seed is that of the load.
	Seed uint64
	// Pipeline is what the workers run. Defaults to Wiki.
	Pipeline string
	// Goka lets the workers of the counting pipeline run on plain Goka.
	Goka bool
	// Delivery is what the workers promise. Defaults to AtLeastOnce.
	Delivery string
	// Workers is how many there are. Required.
	Workers int
	// Brokers is how many brokers there are. Defaults to 1.
	Brokers int
	// Replication is that of the topics. Defaults to that of the command.
	Replication int
	// Secure lets the workers log in, as a user who may do everything at first.
	Secure bool
	// Small gives each worker a disk of its own of so many bytes; it takes the right to mount.
	Small int64
	// Forgive says whether a worker that ended by itself, with these last words, is started again. Defaults to never.
	Forgive func(w *Worker, words string) bool
}

// What all clusters have in common: topics of so many partitions, and the least session timeout that Kafka takes.
const (
	partitions = 8
	session    = 6 * time.Second
)

// Cluster is a Kafka and the workers that run a pipeline on it.
type Cluster struct {
	Config

	Workers []*Worker

	kafka      *kafka.Cluster
	admin      *kadm.Client // past the proxies, as all of this process is
	cfg        topology.Config
	pipeline   pipeline
	processors []string
	groups     []string
	watchdog   *watchdog.Watchdog

	mu      sync.Mutex
	changed chan struct{}  // closed and replaced when a worker logs or ends
	closing chan struct{}  // closed by Close
	revived sync.WaitGroup // workers that are started again
}

// NewCluster starts a Kafka, and makes the topics and the workers, which do not run yet. The caller closes it.
func NewCluster(ctx context.Context, cfg Config) (_ *Cluster, err error) {
	c := &Cluster{Config: cfg, changed: make(chan struct{}), closing: make(chan struct{})}
	if c.Pipeline == "" {
		c.Pipeline = Wiki
	}
	if c.Delivery == "" {
		c.Delivery = AtLeastOnce
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("faults: %w", err), c.Close())
		}
	}()
	if c.watchdog, err = watchdog.Watch(""); err != nil {
		return nil, err
	}
	if err := c.openKafka(ctx); err != nil {
		return nil, err
	}
	if c.pipeline, err = newPipeline(c); err != nil {
		return nil, err
	}
	for _, p := range c.pipeline.topology().Processors() {
		c.processors = append(c.processors, p)
		c.groups = append(c.groups, c.pipeline.topology().Name()+"-"+p)
	}
	if err := topology.CreateTopics(ctx, c.pipeline.topology(), c.cfg); err != nil {
		return nil, err
	}
	for i := range cfg.Workers {
		if err := c.addWorker(ctx, i); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// user is who the workers log in as.
const user, password = "eddy", "secret"

// openKafka starts the brokers, and connects past the proxies.
func (c *Cluster) openKafka(ctx context.Context) (err error) {
	o := kafka.Options{Brokers: c.Brokers, JVM: []string{"-Xmx512m"}, Config: map[string]string{
		"broker.session.timeout.ms": "4000", "broker.heartbeat.interval.ms": "500", // so that a dead broker is soon known to be
	}}
	if c.Secure {
		o.Users = map[string]string{user: password}
	}
	if c.kafka, err = kafka.Start(ctx, o); err != nil {
		return err
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(c.kafka.Addrs()...), kgo.MetadataMinAge(100*time.Millisecond))
	if err != nil {
		return err
	}
	c.admin = kadm.NewClient(client)
	c.cfg = topology.Config{Brokers: c.kafka.Addrs(), InMemory: true, Partitions: partitions, Replication: c.Replication}
	if c.Secure {
		return c.allow(ctx)
	}
	return nil
}

func (c *Cluster) addWorker(ctx context.Context, i int) error {
	w := &Worker{Name: fmt.Sprintf("worker-%d", i), cluster: c}
	w.Dir = filepath.Join(c.Dir, w.Name)
	brokers := c.kafka.Addrs()
	if c.Secure {
		brokers = c.kafka.SecureAddrs()
	}
	var err error
	if w.Proxy, err = OpenProxy(brokers); err != nil {
		return err
	}
	c.Workers = append(c.Workers, w)
	if err := os.MkdirAll(w.Dir, 0o755); err != nil { //nolint:gosec // a test's data
		return err
	}
	if c.Small > 0 {
		return w.mount(ctx, c.Small)
	}
	return nil
}

// Close kills the workers that still run, and stops the Kafka.
func (c *Cluster) Close() error {
	for _, w := range c.Workers {
		w.Expect()
	}
	close(c.closing)
	c.revived.Wait()
	var errs []error
	for _, w := range c.Workers {
		errs = append(errs, w.end())
	}
	if c.pipeline != nil {
		errs = append(errs, c.pipeline.close())
	}
	if c.admin != nil {
		c.admin.Close()
	}
	if c.kafka != nil {
		errs = append(errs, c.kafka.Stop())
	}
	if c.watchdog != nil {
		errs = append(errs, c.watchdog.Close())
	}
	return errors.Join(errs...)
}

// Found sends what there is before anything happens.
func (c *Cluster) Found(ctx context.Context) error { return c.pipeline.found(ctx) }

// Flood sends n records that keep the workers busy.
func (c *Cluster) Flood(ctx context.Context, n int) error { return c.pipeline.flood(ctx, n) }

// Start starts workers and returns at once.
func (c *Cluster) Start(ctx context.Context, workers ...*Worker) error {
	for _, w := range workers {
		if err := w.Start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Stop asks workers to end, all at once, and waits until they have.
func (c *Cluster) Stop(ctx context.Context, workers ...*Worker) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, w := range workers {
		group.Go(func() error { return w.Stop(ctx) })
	}
	return group.Wait()
}

// Dismiss takes all members out of the groups, of which none may run: static ones are waited for otherwise.
func (c *Cluster) Dismiss(ctx context.Context) error {
	return again(ctx, func() error {
		described, err := c.admin.DescribeGroups(ctx, c.groups...)
		if err != nil {
			return err
		}
		for _, g := range described {
			var ids []string
			for _, m := range g.Members {
				if m.InstanceID != nil {
					ids = append(ids, *m.InstanceID)
				}
			}
			if len(ids) == 0 {
				continue
			}
			if _, err := c.admin.LeaveGroup(ctx, kadm.LeaveGroup(g.Group).InstanceIDs(ids...)); err != nil {
				return err
			}
		}
		return nil
	})
}

// notify wakes those who wait.
func (c *Cluster) notify() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.changed)
	c.changed = make(chan struct{})
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
			if len(have) != partitions || len(slices.Compact(have)) != partitions {
				return false
			}
		}
		return true
	})
}
