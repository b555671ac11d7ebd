// Package cluster is how a Kafka cluster is reached, and what is asked of it but its records: topics, partitions, ids, offsets.
package cluster

import (
	"crypto/tls"
	"log/slog"
	"time"

	"github.com/IBM/sarama"
)

// RebalanceTimeout is how long a group waits for its members to give up partitions.
const RebalanceTimeout = 60 * time.Second

// Settings is how a cluster is reached.
type Settings struct {
	Brokers        []string
	ClientID       string
	InstanceID     string // static membership; empty: none
	TLS            *tls.Config
	SASL           *SASL
	SessionTimeout time.Duration // 0: 10 s
	MaxRecordBytes int           // 0: 1,000,000
	Logger         *slog.Logger  // nil: none
}

// SASL is a user and how to prove it.
type SASL struct {
	Mechanism      string // "PLAIN", "SCRAM-SHA-256" or "SCRAM-SHA-512"
	User, Password string
}

// Problems is everything that is wrong with the settings.
func (s Settings) Problems() []error { panic("todo") }

// Sarama is the one place that builds a configuration of sarama. Every call returns a new one.
func Sarama(s Settings) *sarama.Config { panic("todo") }
