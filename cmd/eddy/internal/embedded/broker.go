// Package embedded runs a Kafka broker inside the process: the real protocol over a real socket, for a
// demo, a replay or several workers on one machine. It is one broker with replication 1 and no quorum:
// whoever needs the data to survive the machine uses a Kafka cluster.
package embedded

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/twmb/franz-go/pkg/kfake"
)

// Config is how the broker listens and what it keeps.
type Config struct {
	// Listen is the address to listen on, host:port. Port 0 takes a free one. Defaults to "127.0.0.1:0".
	Listen string
	// Advertise is what clients are told to connect to, a host or host:port. Defaults to the address listened on.
	Advertise string
	// DataDir keeps topics, groups and offsets over a restart. Defaults to none: everything is in memory.
	DataDir string
	// SyncWrites flushes every batch to disk before it is acknowledged, so that nothing acknowledged is
	// lost when the machine stops; without it, only a kill of clients is survived without loss.
	SyncWrites bool
	// Partitions is the number of partitions of a topic that is created without one. Defaults to 8.
	Partitions int
}

// segmentBytes is the size of a piece of a partition's log. In memory a piece doubles as it grows, and what is deleted goes by
// whole pieces; so large ones waste.
const segmentBytes = 8 << 20

// Broker is a running broker. Its methods may be called from any goroutine.
type Broker struct {
	cluster *kfake.Cluster
	failure *failure
	lock    io.Closer // of the data directory; nil: none
	closing sync.Once
}

// ErrListen is wrapped by the error of an address that cannot be listened on, or told to clients.
var ErrListen = errors.New("cannot listen")

// Start starts a broker. The caller closes it. The error wraps [ErrListen] where the addresses are at fault.
func Start(cfg Config) (*Broker, error) {
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if cfg.Partitions == 0 {
		cfg.Partitions = 8
	}
	if cfg.SyncWrites && cfg.DataDir == "" {
		return nil, errors.New("broker: synchronous writes need a data directory")
	}
	host, portText, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("broker: %w on %q: %w", ErrListen, cfg.Listen, err)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("broker: %w on %q: port: %w", ErrListen, cfg.Listen, err)
	}
	if unspecified(host) && cfg.Advertise == "" {
		return nil, fmt.Errorf("broker: %w on %q, which is every interface, and say no address that clients are to use", ErrListen, cfg.Listen)
	}
	failed := &failure{dir: cfg.DataDir, seen: make(chan struct{})}
	opts := []kfake.Opt{
		kfake.WithLogger(failed),
		kfake.NumBrokers(1),
		kfake.Ports(int(port)),
		kfake.ClusterID(rand.Text()), // a kept one is read back from the data directory
		kfake.DefaultNumPartitions(cfg.Partitions),
		kfake.BrokerConfigs(map[string]string{"log.segment.bytes": strconv.Itoa(segmentBytes)}),
		kfake.ListenFn(func(network, _ string) (net.Listener, error) {
			return listen(network, cfg.Listen, cfg.Advertise)
		}),
	}
	var lock io.Closer
	if cfg.DataDir != "" {
		if lock, err = lockFolder(cfg.DataDir); errors.Is(err, syscall.ENOSPC) {
			return nil, storage(cfg.DataDir, err)
		} else if err != nil {
			return nil, fmt.Errorf("broker: %w", err)
		}
		opts = append(opts, kfake.DataDir(cfg.DataDir))
	}
	if cfg.SyncWrites {
		opts = append(opts, kfake.SyncWrites())
	}
	cluster, err := kfake.NewCluster(opts...)
	if errors.Is(err, syscall.ENOSPC) {
		return nil, errors.Join(storage(cfg.DataDir, err), unlock(lock))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("broker: %w", err), unlock(lock))
	}
	return &Broker{cluster: cluster, failure: failed, lock: lock}, nil
}

// lockFolder makes a folder this broker's alone: two that write the same files would lose what each has acknowledged.
func lockFolder(dir string) (io.Closer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := vfs.Default.Lock(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("data directory %q: one broker at a time may use it: %w", dir, err)
	}
	return lock, nil
}

func unlock(lock io.Closer) error {
	if lock == nil {
		return nil
	}
	return lock.Close()
}

// Addrs returns the addresses that clients connect to.
func (b *Broker) Addrs() []string { return b.cluster.ListenAddrs() }

// Close stops the broker; with a data directory, its state is on disk when Close returns. It may be
// called again.
func (b *Broker) Close() {
	b.closing.Do(func() {
		b.cluster.Close()
		_ = unlock(b.lock) // of a file that is read by nobody
	})
}

func unspecified(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || ip != nil && ip.IsUnspecified()
}
