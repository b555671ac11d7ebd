// Package settings is the configuration of the command line: defaults, a YAML file, the environment
// and flags, in layers, each over the one before. A key that nobody knows is an error that names it.
package settings

import (
	"time"

	"github.com/eddystream/eddy/topology"
)

// Settings is what the commands can be told. The tag is the key in a file; in the environment it is
// EDDY_ and the key in capitals, with an underscore for each dot and hyphen.
type Settings struct {
	// Brokers are the bootstrap addresses, host:port.
	Brokers []string `koanf:"brokers"`
	// ClientID is the name under which brokers see the connections. Defaults to "eddy".
	ClientID string `koanf:"client-id"`
	// InstanceID makes the members of the consumer groups static. Defaults to one that is kept in DataDir.
	InstanceID string `koanf:"instance-id"`
	// Processors are the processors to run. Defaults to all.
	Processors []string `koanf:"processors"`
	// Delivery is what the processors promise: "at-least-once" (the default) or "exactly-once"; for one of them, "NAME=exactly-once".
	Delivery []string `koanf:"delivery"`
	// OnError is what becomes of records that cannot be processed: "stop" (the default), "skip", "dead-letter", or "retry:5:200ms:dead-letter";
	// for one processor, "NAME=skip", and for one phase (decode, process, write) "/decode=skip" or "NAME/decode=skip".
	OnError []string `koanf:"on-error"`
	// DeadLetterTopic is where records go that are given up. Defaults to "<topology>-dead-letters".
	DeadLetterTopic string `koanf:"dead-letter-topic"`
	// Standby keeps copies of the tables of partitions that other workers own.
	Standby bool `koanf:"standby"`
	// UpgradeFrom is the release whose workers still run beside this one: everything is written as that release reads it.
	// Defaults to none.
	UpgradeFrom string `koanf:"upgrade-from"`
	// DataDir is where local stores are kept.
	DataDir string `koanf:"data-dir"`
	// Partitions of topics that are created. Defaults to 8.
	Partitions int `koanf:"partitions"`
	// Replication of topics that are created. Defaults to 3, or the number of brokers where there are fewer.
	Replication int `koanf:"replication"`
	// Retention of the streams. Defaults to 7 days; negative is for ever.
	Retention time.Duration `koanf:"retention"`
	// MaxRecord is the size of the largest record, and max.message.bytes of the topics that are created. Defaults to 1,000,000 bytes.
	MaxRecord Size `koanf:"max-record"`
	// DrainTimeout bounds how long a stopping worker finishes what it began. Defaults to 10 s.
	DrainTimeout time.Duration `koanf:"drain-timeout"`
	// SessionTimeout is how long the consumer groups wait for a silent worker. Defaults to 10 s.
	SessionTimeout time.Duration `koanf:"session-timeout"`
	// Memory is what a worker may take. Defaults to half of what the container or the machine has.
	Memory Size `koanf:"memory"`
	// StoreCache, CacheBytes and SendBuffer are parts of it: blocks of the local store, decoded rows, records that are not
	// acknowledged. They default to what the framework makes of Memory.
	StoreCache Size `koanf:"store-cache"`
	CacheBytes Size `koanf:"cache-bytes"`
	SendBuffer Size `koanf:"send-buffer"`
	// StartOn says which event starts the cascade of a content change: "render" or "change".
	// Defaults to "render".
	StartOn string `koanf:"start-on"`
	// KeepCascades is how long a cascade that has ended is kept, an hour or more. Defaults to 720 hours.
	KeepCascades time.Duration `koanf:"keep-cascades"`
	// ClockSkew is how far the clocks of wikis and renderers may be apart. Defaults to 5 s.
	ClockSkew time.Duration `koanf:"clock-skew"`
	// Coalesce lets a page have one unanswered request at most, and is after how long it is asked for again, a second or more. Defaults to 0: each
	// cascade sends a request of its own.
	Coalesce time.Duration `koanf:"coalesce"`
	// WitnessAfter is how long the change to a revision that was rendered is waited for before it is taken for lost. Defaults to 10 s.
	WitnessAfter time.Duration `koanf:"witness-after"`
	// Health is the address on which a worker answers health checks, host:port. Defaults to none.
	Health string `koanf:"health"`
	// SiteInfo are files with the namespaces and case rules of wikis, as MediaWiki's API answers.
	SiteInfo []string `koanf:"siteinfo"`
	// Case is what wikis without site info make of the first letter of titles: "first-letter" or "case-sensitive"; for one of them,
	// "NAME=first-letter". Defaults to titles as they come.
	Case []string `koanf:"case"`
	// WikiMap is a YAML file with names for wikis, by the names or domains that events have. Defaults to none.
	WikiMap string `koanf:"wiki-map"`

	SchemaRegistry SchemaRegistry `koanf:"schema-registry"`

	Commit Commit `koanf:"commit"`
	TLS    TLS    `koanf:"tls"`
	SASL   SASL   `koanf:"sasl"`
	Log    Log    `koanf:"log"`
}

// Commit bounds the batches of the commit protocol; zeros are the framework's defaults.
type Commit struct {
	Records  int           `koanf:"records"`
	Bytes    int           `koanf:"bytes"`
	Interval time.Duration `koanf:"interval"`
}

// Default returns the settings of a command that is told nothing.
func Default() Settings {
	return Settings{
		ClientID:       "eddy",
		Partitions:     8,
		Retention:      7 * 24 * time.Hour,
		MaxRecord:      leastRecord,
		DrainTimeout:   10 * time.Second,
		SessionTimeout: 10 * time.Second,
		StartOn:        "render",
		KeepCascades:   30 * 24 * time.Hour,
		ClockSkew:      5 * time.Second,
		WitnessAfter:   10 * time.Second,
		Commit:         Commit{Records: 10_000, Bytes: 4 << 20},
		Log:            Log{Level: "info", Format: "text"},
	}
}

// Topology returns the framework's configuration, without a logger.
func (s Settings) Topology() (topology.Config, error) {
	tlsConfig, err := s.TLS.Config()
	if err != nil {
		return topology.Config{}, err
	}
	sasl, err := s.SASL.Config(tlsConfig != nil)
	if err != nil {
		return topology.Config{}, err
	}
	delivery, deliveries, err := s.deliveries()
	if err != nil {
		return topology.Config{}, err
	}
	onError, onErrors, err := s.policies()
	if err != nil {
		return topology.Config{}, err
	}
	return topology.Config{
		OnError:         onError,
		OnErrors:        onErrors,
		DeadLetterTopic: s.DeadLetterTopic,
		Delivery:        delivery,
		Deliveries:      deliveries,
		Brokers:         s.Brokers,
		ClientID:        s.ClientID,
		InstanceID:      s.InstanceID,
		DataDir:         s.DataDir,
		Partitions:      s.Partitions,
		Replication:     s.Replication,
		Processors:      s.Processors,
		Standby:         s.Standby,
		TLS:             tlsConfig,
		SASL:            sasl,
		BatchRecords:    s.Commit.Records,
		BatchBytes:      s.Commit.Bytes,
		CommitInterval:  s.Commit.Interval,
		StreamRetention: s.Retention,
		MaxRecordBytes:  int(s.MaxRecord),
		DrainTimeout:    s.DrainTimeout,
		Memory:          int64(s.Memory),
		StoreCache:      int64(s.StoreCache),
		CacheBytes:      int64(s.CacheBytes),
		SendBuffer:      int(s.SendBuffer),
		SessionTimeout:  s.SessionTimeout,
	}, nil
}

// MemoryPlan is how a worker with these settings divides its memory. The error is of a memory that is too little.
func (s Settings) MemoryPlan() (topology.MemoryPlan, error) {
	return topology.Config{
		Memory: int64(s.Memory), StoreCache: int64(s.StoreCache), CacheBytes: int64(s.CacheBytes), SendBuffer: int(s.SendBuffer),
		MaxRecordBytes: int(s.MaxRecord),
	}.MemoryPlan()
}
