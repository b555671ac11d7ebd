package settings

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/eddystream/eddy/topology"
)

// SASL says as whom to log in at the brokers. There is no flag for the password: flags show in the
// list of processes.
type SASL struct {
	// Mechanism is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; empty: no login.
	Mechanism string `koanf:"mechanism"`
	User      string `koanf:"user"`
	Password  string `koanf:"password"`
	// PasswordFile holds the password; white space around it is dropped.
	PasswordFile string `koanf:"password-file"`
	// Plaintext allows a login over a connection without TLS.
	Plaintext bool `koanf:"plaintext"`
}

// Config returns nil where no login is asked for.
func (s SASL) Config(overTLS bool) (*topology.SASL, error) {
	if s == (SASL{}) {
		return nil, nil
	}
	password := s.Password
	if s.PasswordFile != "" {
		if password != "" {
			return nil, errors.New("sasl.password and sasl.password-file are both given")
		}
		data, err := os.ReadFile(s.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("sasl.password-file: %w", err)
		}
		password = strings.TrimSpace(string(data))
	}
	mechanism := strings.ToUpper(s.Mechanism)
	switch mechanism {
	case "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512":
	case "":
		return nil, errors.New("sasl.mechanism is missing")
	default:
		return nil, fmt.Errorf("sasl.mechanism: %q is none of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512", s.Mechanism)
	}
	if s.User == "" || password == "" {
		return nil, errors.New("sasl: user or password is missing")
	}
	if !overTLS && !s.Plaintext {
		return nil, errors.New("sasl: the password would travel without TLS: turn TLS on, or allow it with sasl.plaintext")
	}
	return &topology.SASL{Mechanism: mechanism, User: s.User, Password: password}, nil
}
