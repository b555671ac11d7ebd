package topologytest

import (
	"testing"

	"github.com/eddystream/eddy/topology/internal/broker"
)

// BrokerOption tunes [StartBroker].
type BrokerOption func(*broker.Options)

// WithDataDir keeps the broker's data in a folder, where the next broker finds it. Defaults to memory.
func WithDataDir(dir string) BrokerOption { return func(o *broker.Options) { o.DataDir = dir } }

// WithSyncWrites makes every write to the data folder durable before it is acknowledged. Defaults to not.
func WithSyncWrites() BrokerOption { return func(o *broker.Options) { o.SyncWrites = true } }

// WithPort lets the broker listen on a port of 127.0.0.1. Defaults to a free one.
func WithPort(port int) BrokerOption { return func(o *broker.Options) { o.Port = port } }

// WithBrokers makes a cluster of n brokers. Defaults to 1.
func WithBrokers(n int) BrokerOption { return func(o *broker.Options) { o.Brokers = n } }

// StartBroker runs a Kafka broker in this process until the end of the test, and returns the addresses to reach it at. It speaks the
// real protocol, groups and transactions too; it makes no topics by itself. It has no replication and compacts once an hour.
func StartBroker(t testing.TB, opts ...BrokerOption) []string {
	t.Helper()
	var o broker.Options
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	return broker.Start(t, o).ListenAddrs()
}
