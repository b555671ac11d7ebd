// Package broker runs a Kafka broker in the process of a test.
package broker

import (
	"crypto/tls"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
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
	// Denied are rights that a user lacks who has all others. The user is "limited", with the password "limited", by PLAIN.
	Denied []Right
}

// Right is something that may be done to a resource.
type Right struct {
	Kind      kmsg.ACLResourceType
	Name      string
	Operation kmsg.ACLOperation
}

// everything is what a user may do who is limited in nothing.
func everything() (acls []kfake.ACL) {
	for _, kind := range []kmsg.ACLResourceType{
		kmsg.ACLResourceTypeTopic, kmsg.ACLResourceTypeGroup, kmsg.ACLResourceTypeCluster, kmsg.ACLResourceTypeTransactionalId,
	} {
		name := "*"
		if kind == kmsg.ACLResourceTypeCluster {
			name = "kafka-cluster"
		}
		acls = append(acls, kfake.ACL{Resource: kind, Name: name, Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: kmsg.ACLOperationAll, Allow: true})
	}
	return acls
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
	if len(o.Denied) > 0 {
		acls := everything()
		for _, r := range o.Denied {
			acls = append(acls, kfake.ACL{Resource: r.Kind, Name: r.Name, Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: r.Operation})
		}
		opts = append(opts, kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser("PLAIN", "admin", "admin"), kfake.User("PLAIN", "limited", "limited", acls...))
	}
	cluster, err := kfake.NewCluster(opts...)
	if err != nil {
		t.Fatalf("start broker: %v", err)
	}
	t.Cleanup(cluster.Close)
	return cluster
}
