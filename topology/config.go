package topology

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/store"
)

// Config says where a topology runs and how. The zero value of a field means its default; only Brokers and,
// unless InMemory is set, DataDir are required.
type Config struct {
	// Brokers are the host:port addresses to start from. Required.
	Brokers []string
	// ClientID names this program to the brokers. Defaults to "eddy".
	ClientID string

	// DataDir is the folder of the local stores, one process each. It may be lost: stores are rebuilt from
	// their changelogs. Required unless InMemory is set; there is no default, because the obvious one is a
	// temporary folder that the next boot empties.
	DataDir string
	// InMemory keeps the local stores in memory. DataDir is then not used.
	InMemory bool

	// Partitions is the number of partitions of the topics that are created. Defaults to 8. It never changes
	// an existing topic.
	Partitions int
	// Replication is the replication factor of the topics that are created. Defaults to 3, or the number of
	// brokers where there are fewer.
	Replication int

	// Processors are the names of the processors to run. Defaults to all.
	Processors []string
	// Standby keeps copies of the tables of partitions that other members own, so that a take-over is quick.
	Standby bool
	// InstanceID makes this process a static member of its consumer groups: a restart within SessionTimeout moves no partitions, and a
	// stop gives none up before that. It must be unique among the processes. Defaults to one that is made at the first start and
	// kept in DataDir; with InMemory, to none.
	InstanceID string

	// Delivery is what the processors promise. Defaults to AtLeastOnce.
	Delivery Delivery
	// Deliveries is what some processors promise that differs from Delivery, by the name of the processor. Defaults to none.
	Deliveries map[string]Delivery

	// OnError is what becomes of records that fail, where the processor itself does not say ([OnError]). Defaults to Stop.
	OnError Policies
	// OnErrors is what becomes of the records of some processors, by the name of the processor, whatever it says itself. Defaults to none.
	OnErrors map[string]Policies
	// DeadLetterTopic is where records go that are given up by the policy [DeadLetter]. It is made where it is absent, and keeps what it gets.
	// Defaults to "<topology>-dead-letters".
	DeadLetterTopic string

	// TLS encrypts the connections to the brokers. Defaults to none.
	TLS *tls.Config
	// SASL authenticates to the brokers. Defaults to none.
	SASL *SASL

	// BatchRecords bounds the records of a batch: the handlers of a partition wait while it is full. Defaults to 10,000.
	BatchRecords int
	// BatchBytes bounds the bytes that a batch holds in messages, outputs and rows. Defaults to 4 MiB. All batches together are bounded by
	// what Memory has for them.
	BatchBytes int
	// Unpacked sends the messages of packed streams one by one, for other clients to read, or to measure what packs are worth.
	Unpacked bool
	// CommitInterval is the least time between two commits. Defaults to 0: a commit starts as soon as there
	// is something to commit and the last one is done.
	CommitInterval time.Duration
	// StreamRetention is how long the streams that are created keep their records, where the stream itself does not
	// say. Negative: for ever. Defaults to 7 days. Kafka takes a record's age from its timestamp: a stream of old events that
	// keep their own times needs to be kept for ever. Loops are, because that is also true of the work that waits in them.
	StreamRetention time.Duration
	// DeleteRetention is how long the tables that are created keep tombstones. A local store that was not
	// written for longer is rebuilt. Defaults to 24 hours.
	DeleteRetention time.Duration
	// DrainTimeout bounds the time that batches of leaving partitions have to finish. Defaults to 10 s.
	DrainTimeout time.Duration
	// SessionTimeout is how long a group waits for a silent member. Defaults to 10 s.
	SessionTimeout time.Duration

	// Memory is what the process may take, in bytes: an app divides it, as [Config.MemoryPlan] says, and keeps to its parts. Defaults to
	// half of what the container or the machine has. An app does not change settings of Go's garbage collector, which are the whole process's: where
	// nothing else runs in it, [MemoryPlan.SetLimits] does.
	Memory int64
	// StoreCache is the size of the block cache of the local store, in bytes. Defaults to its part of Memory, and to 64 MiB for views.
	StoreCache int64
	// CacheBytes bounds the decoded rows that are kept in memory, of all tables and partitions. Defaults to its part of Memory.
	CacheBytes int64
	// SendBuffer bounds the bytes of records sent and not yet acknowledged, of the process. Defaults to its part of Memory, and to 64 MiB for
	// a producer without an app.
	SendBuffer int

	// MaxRecordBytes bounds one record, as the topics' max.message.bytes does. Defaults to 1,000,000.
	MaxRecordBytes int

	// Logger takes the log. Defaults to none.
	Logger *slog.Logger
	// Observer is told what happens, for metrics. Defaults to none.
	Observer *Observer
}

// SASL is a user and how to prove it.
type SASL struct {
	// Mechanism is "PLAIN", "SCRAM-SHA-256" or "SCRAM-SHA-512".
	Mechanism string
	User      string
	Password  string
}

// Validate returns nil, or an error that joins every problem found, each with the name of its field.
func (c Config) Validate() error {
	errs := c.connectionProblems()
	if c.DataDir == "" && !c.InMemory {
		errs = append(errs, errors.New("data dir: required unless in memory"))
	}
	for _, f := range []struct {
		field string
		value int64
	}{
		{"partitions", int64(c.Partitions)},
		{"replication", int64(c.Replication)},
		{"batch records", int64(c.BatchRecords)},
		{"batch bytes", int64(c.BatchBytes)},
		{"commit interval", int64(c.CommitInterval)},
		{"delete retention", int64(c.DeleteRetention)},
		{"drain timeout", int64(c.DrainTimeout)},
		{"session timeout", int64(c.SessionTimeout)},
		{"memory", c.Memory},
		{"cache bytes", c.CacheBytes},
		{"send buffer", int64(c.SendBuffer)},
		{"max record bytes", int64(c.MaxRecordBytes)},
		{"store cache", c.StoreCache},
	} {
		if f.value < 0 {
			errs = append(errs, fmt.Errorf("%s: negative (%d)", f.field, f.value))
		}
	}
	for _, f := range []struct {
		field       string
		value, most int
	}{
		{"partitions", c.Partitions, maxPartitions},
		{"replication", c.Replication, math.MaxInt16},
		{"max record bytes", c.MaxRecordBytes, math.MaxInt32},
	} {
		if f.value > f.most {
			errs = append(errs, fmt.Errorf("%s: %d is more than %d", f.field, f.value, f.most))
		}
	}
	full := c.withDefaults()
	if c.SendBuffer > 0 && full.MaxRecordBytes > c.SendBuffer {
		errs = append(errs, fmt.Errorf("send buffer: %d bytes cannot hold one record of max record bytes, %d", c.SendBuffer, full.MaxRecordBytes))
	}
	if full.DrainTimeout >= cluster.RebalanceTimeout {
		errs = append(errs, fmt.Errorf("drain timeout: %s is not below the rebalance timeout of %s", full.DrainTimeout, cluster.RebalanceTimeout))
	}
	if c.Memory >= 0 {
		if _, err := c.MemoryPlan(); err != nil {
			errs = append(errs, err)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(c.Deliveries)) {
		if d := c.Deliveries[p]; d != AtLeastOnce && d != ExactlyOnce {
			errs = append(errs, fmt.Errorf("deliveries: processor %q: %s", p, d))
		}
	}
	if c.Delivery != AtLeastOnce && c.Delivery != ExactlyOnce {
		errs = append(errs, fmt.Errorf("delivery: %s", c.Delivery))
	}
	if c.InstanceID != "" {
		errs = append(errs, prefixed("instance id", checkName(c.InstanceID)))
	}
	if c.SessionTimeout > 0 && c.SessionTimeout < leastSession {
		errs = append(errs, fmt.Errorf("session timeout: %s is less than %s", c.SessionTimeout, leastSession))
	}
	errs = append(errs, c.checkPolicies()...)
	seen := map[string]bool{}
	for _, p := range c.Processors {
		if seen[p] {
			errs = append(errs, fmt.Errorf("processors: %q twice", p))
		}
		seen[p] = true
	}
	return errors.Join(errs...)
}

// leastSession is the shortest session timeout: heartbeats, requests and deliveries have parts of it.
const leastSession = 100 * time.Millisecond

// connectionProblems is what is wrong with the fields that a connection needs.
func (c Config) connectionProblems() []error {
	return c.withDefaults().settings().Problems()
}

// withDefaults fills the fields that are not set. It does not validate.
func (c Config) withDefaults() Config {
	set(&c.ClientID, "eddy")
	set(&c.Partitions, 8)
	set(&c.BatchRecords, 10_000)
	set(&c.BatchBytes, 4<<20)
	set(&c.StreamRetention, 7*24*time.Hour)
	set(&c.DeleteRetention, 24*time.Hour)
	set(&c.DrainTimeout, 10*time.Second)
	set(&c.SessionTimeout, 10*time.Second)
	set(&c.MaxRecordBytes, 1_000_000)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Observer == nil {
		c.Observer = &Observer{}
	}
	return c
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// settings is how a cluster is reached.
func (c Config) settings() cluster.Settings {
	s := cluster.Settings{
		Brokers:        c.Brokers,
		ClientID:       c.ClientID,
		TLS:            c.TLS,
		SessionTimeout: c.SessionTimeout,
		MaxRecordBytes: c.MaxRecordBytes,
		Logger:         c.Logger,
	}
	if c.SASL != nil {
		s.SASL = &cluster.SASL{Mechanism: c.SASL.Mechanism, User: c.SASL.User, Password: c.SASL.Password}
	}
	return s
}

// topicPolicy is what the topics that are created are like.
func (c Config) topicPolicy() cluster.Policy {
	return cluster.Policy{
		Partitions:      c.Partitions,
		Replication:     c.Replication,
		StreamRetention: c.StreamRetention,
		DeleteRetention: c.DeleteRetention,
		MaxRecordBytes:  c.MaxRecordBytes,
	}
}

// openStore opens a local store below name, a folder of DataDir. Zero bytes are the defaults of a store.
func (c Config) openStore(name string, cacheBytes, memtableBytes int64) (*store.DB, error) {
	if c.InMemory {
		return store.OpenMemory(), nil
	}
	return store.Open(store.Options{
		Dir: c.DataDir, Name: name, CacheBytes: cacheBytes, MemtableBytes: memtableBytes, Logger: c.Logger,
	})
}
