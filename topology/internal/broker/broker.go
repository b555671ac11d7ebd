// Package broker runs a Kafka broker in the process of a test.
package broker

import (
	"crypto/tls"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Options are the settings of a broker.
type Options struct {
	// Brokers is the number of brokers of the cluster. Defaults to 1.
	Brokers int
	// DataDir keeps the data on disk, to be found by the next cluster on it.
	DataDir string
	// SyncWrites makes every write to DataDir durable.
	SyncWrites bool
	// Port is the port of the first broker, for a restart at the same address. Defaults to a free one.
	Port int
	// TLS encrypts.
	TLS *tls.Config
	// Mechanism, User and Password ask clients to authenticate.
	Mechanism, User, Password string
}

// Start runs a cluster until the end of the test. Topics are never made by asking for them.
func Start(t testing.TB, o Options) *kfake.Cluster {
	t.Helper()
	opts := []kfake.Opt{kfake.NumBrokers(max(1, o.Brokers))}
	if o.DataDir != "" {
		opts = append(opts, kfake.DataDir(o.DataDir))
	}
	if o.SyncWrites {
		opts = append(opts, kfake.SyncWrites())
	}
	if o.Port != 0 {
		opts = append(opts, kfake.Ports(o.Port))
	}
	if o.TLS != nil {
		opts = append(opts, kfake.TLS(o.TLS))
	}
	if o.User != "" {
		opts = append(opts, kfake.EnableSASL(), kfake.Superuser(o.Mechanism, o.User, o.Password))
	}
	cluster, err := kfake.NewCluster(opts...)
	if err != nil {
		t.Fatalf("start broker: %v", err)
	}
	t.Cleanup(cluster.Close)
	return cluster
}
