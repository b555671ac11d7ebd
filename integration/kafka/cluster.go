package kafka

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/eddystream/eddy/integration/watchdog"
)

// Options are the settings of a cluster.
type Options struct {
	// Brokers is the number of brokers, each a controller too. Defaults to 1.
	Brokers int
	// Dir keeps the data, for the next cluster on it with as many brokers. Defaults to a temporary folder that Stop removes.
	Dir string
	// Port is the port of the first broker, at 127.0.0.1; the others' follow. Defaults to free ones.
	Port int
	// Config has settings of the brokers, by Kafka's names, and wins over those that Start makes: topics are never created by
	// asking for them; internal topics, and others unless they say so, have as many replicas as there are brokers, at most 3, of
	// which 2 have to be in sync where there are as many.
	Config map[string]string
	// JVM are options of each broker's JVM. Defaults to -Xmx1g.
	JVM []string
	// Users are the names and passwords of those who may come to SecureAddrs by SASL/PLAIN, and then turns authorization on: there a user
	// may do what ACLs allow; who comes to Addrs may do everything. Defaults to none: there are no SecureAddrs.
	Users map[string]string
	// Log takes what the brokers print, line by line: warnings, and when they start and stop. Defaults to none.
	Log io.Writer
}

// Cluster is a running cluster. Its brokers are counted from 0, as Addrs has them. Its methods may be called from any goroutine; one
// at a time does its work.
type Cluster struct {
	opt      Options
	dir      string
	id       string // the cluster's
	java     string
	jars     string
	ports    ports
	watchdog *watchdog.Watchdog
	logging  sync.Mutex

	mu      sync.Mutex
	brokers []*broker
	stopped bool
}

// Start starts a cluster and returns when every broker serves; ctx bounds the start, and the download of Kafka where it is the first
// one. The caller stops it. If this process dies without that, the brokers are killed.
func Start(ctx context.Context, opt Options) (_ *Cluster, err error) {
	if opt.Brokers == 0 {
		opt.Brokers = 1
	}
	if opt.JVM == nil {
		opt.JVM = []string{"-Xmx1g"}
	}
	if opt.Brokers < 0 || opt.Port < 0 || opt.Port+opt.Brokers > 1<<16 {
		return nil, fmt.Errorf("kafka: %d brokers from port %d", opt.Brokers, opt.Port)
	}
	c := &Cluster{opt: opt}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("kafka: %w", err), c.Stop())
		}
	}()
	if c.java, err = java(); err != nil {
		return nil, err
	}
	if c.jars, err = jars(ctx); err != nil {
		return nil, err
	}
	if err := c.open(); err != nil {
		return nil, err
	}
	if err := c.assignPorts(ctx); err != nil {
		return nil, err
	}
	if err := c.startAll(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// open makes the folder and the watchdog.
func (c *Cluster) open() (err error) {
	temporary := ""
	if c.opt.Dir == "" {
		if temporary, err = os.MkdirTemp("", "eddy-kafka-"); err != nil {
			return err
		}
		c.dir = temporary
	} else if c.dir, err = filepath.Abs(c.opt.Dir); err != nil {
		return err
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil { //nolint:gosec // a test's data
		return err
	}
	if _, err := os.Stat(c.folder(c.opt.Brokers + 1)); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, fmt.Errorf("%s is the folder of a cluster with more than %d brokers", c.dir, c.opt.Brokers))
	}
	if c.id, err = clusterID(filepath.Join(c.dir, "cluster.id")); err != nil {
		return err
	}
	c.watchdog, err = watchdog.Watch(temporary)
	return err
}

func (c *Cluster) folder(id int) string { return filepath.Join(c.dir, fmt.Sprintf("broker-%d", id)) }

// clusterID reads a cluster's id from a file, which is written if there is none.
func clusterID(file string) (string, error) {
	kept, err := os.ReadFile(file)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return strings.TrimSpace(string(kept)), err
	}
	var uuid [16]byte
	_, _ = rand.Read(uuid[:]) // never fails
	uuid[0] &= 0x7f           // so that it does not begin like an option
	id := base64.RawURLEncoding.EncodeToString(uuid[:])
	return id, os.WriteFile(file, []byte(id+"\n"), 0o600)
}

// assignPorts makes the brokers.
func (c *Cluster) assignPorts(ctx context.Context) (err error) {
	local := func(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
	for i := range c.opt.Brokers {
		port := c.opt.Port + i
		if c.opt.Port != 0 {
			err = c.ports.take(ctx, port)
		} else {
			port, err = c.ports.takeFree(ctx)
		}
		if err != nil {
			return err
		}
		b := &broker{id: i + 1, dir: c.folder(i + 1), addr: local(port)}
		addresses := []*string{&b.controller}
		if len(c.opt.Users) > 0 {
			addresses = append(addresses, &b.secure)
		}
		for _, address := range addresses {
			free, err := c.ports.takeFree(ctx)
			if err != nil {
				return err
			}
			*address = local(free)
		}
		c.brokers = append(c.brokers, b)
	}
	return nil
}

// startAll starts the brokers together: one serves when there is a quorum.
func (c *Cluster) startAll(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for i := range c.brokers {
		group.Go(func() error {
			err := c.prepare(ctx, i)
			if err == nil {
				err = c.start(ctx, i)
			}
			return c.named(i, err)
		})
	}
	return group.Wait()
}

func (c *Cluster) named(i int, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("broker %d at %s: %w", i, c.brokers[i].addr, err)
}

// Addrs returns the brokers' addresses, host:port. They stay the same when a broker is started again.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, len(c.brokers))
	for i, b := range c.brokers {
		addrs[i] = b.addr
	}
	return addrs
}

// SecureAddrs returns the addresses where users log in. They stay the same when a broker is started again.
func (c *Cluster) SecureAddrs() []string {
	var addrs []string
	for _, b := range c.brokers {
		if b.secure != "" {
			addrs = append(addrs, b.secure)
		}
	}
	return addrs
}

var errStopped = errors.New("kafka: the cluster has been stopped")

// do does something with one broker.
func (c *Cluster) do(i int, what func(*broker) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return errStopped
	}
	if i < 0 || i >= len(c.brokers) {
		return fmt.Errorf("kafka: no broker %d of %d", i, len(c.brokers))
	}
	if err := c.named(i, what(c.brokers[i])); err != nil {
		return fmt.Errorf("kafka: %w", err)
	}
	return nil
}

// Kill ends a broker as a power failure of its process would, and returns when it has ended.
func (c *Cluster) Kill(i int) error { return c.do(i, (*broker).kill) }

// StopBroker ends a broker as an operator does, and returns when it has ended.
func (c *Cluster) StopBroker(i int) error { return c.do(i, (*broker).stop) }

// StartBroker starts a broker that was killed or stopped, on the same data and ports, and returns when it serves.
func (c *Cluster) StartBroker(ctx context.Context, i int) error {
	return c.do(i, func(*broker) error { return c.start(ctx, i) })
}

// Pause stops a broker from running, by SIGSTOP, and returns when it does not: its connections stay and nobody answers.
func (c *Cluster) Pause(i int) error { return c.do(i, (*broker).pause) }

// Continue lets a paused broker run on.
func (c *Cluster) Continue(i int) error { return c.do(i, (*broker).resume) }

// Heal lets each broker run on that is paused, starts those that were killed or stopped, and returns when all serve.
func (c *Cluster) Heal(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return errStopped
	}
	var down []int
	for i, b := range c.brokers {
		switch {
		case b.run == nil:
			down = append(down, i)
		case b.run.paused:
			if err := b.resume(); err != nil {
				return fmt.Errorf("kafka: %w", c.named(i, err))
			}
		}
	}
	group, ctx := errgroup.WithContext(ctx) // together: one serves when there is a quorum
	for _, i := range down {
		group.Go(func() error { return c.named(i, c.start(ctx, i)) })
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("kafka: %w", err)
	}
	return nil
}

// Stop ends all brokers and returns when they have ended; it may be called again. A broker whose data is kept closes its log first.
// It is an error if a broker had ended by itself.
func (c *Cluster) Stop() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return nil
	}
	c.stopped = true
	var group errgroup.Group
	errs := make([]error, len(c.brokers), len(c.brokers)+3)
	for i, b := range c.brokers {
		end := b.stop
		if c.opt.Dir == "" {
			end = b.kill
		}
		if b.run != nil {
			group.Go(func() error {
				errs[i] = c.named(i, end())
				return nil
			})
		}
	}
	errs = append(errs, group.Wait())
	if c.watchdog != nil {
		errs = append(errs, c.watchdog.Close())
	}
	errs = append(errs, c.ports.release())
	if c.opt.Dir == "" && c.dir != "" {
		errs = append(errs, os.RemoveAll(c.dir)) // what no watchdog has removed
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("kafka: %w", err)
	}
	return nil
}
