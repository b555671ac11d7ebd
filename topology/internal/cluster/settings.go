// Package cluster is how a Kafka cluster is reached, and what is asked of it but its records: topics, partitions, ids, offsets.
package cluster

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"
)

// RebalanceTimeout is how long a group waits for its members to give up partitions.
const RebalanceTimeout = 60 * time.Second

// DefaultMaxRecordBytes is the size of the largest record where nothing else is set. Kafka's own limit is for a
// batch, a little more.
const DefaultMaxRecordBytes = 1_000_000

// batchOverhead is what a batch holds beside its records' own bytes, at most.
const batchOverhead = 4096

// Settings is how a cluster is reached.
type Settings struct {
	Brokers        []string
	ClientID       string
	TLS            *tls.Config
	SASL           *SASL
	SessionTimeout time.Duration  // 0: 10 s
	MaxRecordBytes int            // 0: DefaultMaxRecordBytes
	MaxBytes       map[string]int // the same of topics that differ
	FetchBytes     int            // of one answer of a broker, as it is in the log, where no record is larger; 0: 1 MiB
	HangsAfter     time.Duration  // see [TransactionWait.Hangs]; 0: 30 s, or twice the session timeout
	Logger         *slog.Logger   // nil: none
}

// SASL is a user and how to prove it.
type SASL struct {
	Mechanism      string // "PLAIN", "SCRAM-SHA-256" or "SCRAM-SHA-512"
	User, Password string
}

// The mechanisms of SASL.
const (
	Plain       = "PLAIN"
	ScramSHA256 = "SCRAM-SHA-256"
	ScramSHA512 = "SCRAM-SHA-512"
)

// Problems is everything that is wrong with the settings.
func (s Settings) Problems() []error {
	var errs []error
	if len(s.Brokers) == 0 {
		errs = append(errs, errors.New("brokers: none given"))
	}
	for _, b := range s.Brokers {
		if _, port, err := net.SplitHostPort(b); err != nil || port == "" {
			errs = append(errs, fmt.Errorf("brokers: %q is not host:port", b))
		}
	}
	if s.SASL != nil {
		switch s.SASL.Mechanism {
		case Plain, ScramSHA256, ScramSHA512:
		default:
			errs = append(errs, fmt.Errorf("sasl: mechanism %q is none of %q, %q, %q", s.SASL.Mechanism, Plain, ScramSHA256, ScramSHA512))
		}
		if s.SASL.User == "" {
			errs = append(errs, errors.New("sasl: no user"))
		}
		if s.SASL.Password == "" {
			errs = append(errs, errors.New("sasl: no password"))
		}
	}
	return errs
}

// WithDefaults fills what is not set.
func (s Settings) WithDefaults() Settings {
	if s.SessionTimeout == 0 {
		s.SessionTimeout = 10 * time.Second
	}
	if s.HangsAfter == 0 {
		s.HangsAfter = max(30*time.Second, 2*s.SessionTimeout) // its transactions are aborted when they have been open for a session timeout
	}
	if s.MaxRecordBytes == 0 {
		s.MaxRecordBytes = DefaultMaxRecordBytes
	}
	if s.FetchBytes == 0 {
		s.FetchBytes = 1 << 20
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	if s.ClientID == "" {
		s.ClientID = "eddy"
	}
	return s
}
