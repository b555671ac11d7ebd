package settings

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TLS says how brokers are reached over TLS.
type TLS struct {
	// Enabled turns TLS on, with the system's authorities. Any file below turns it on as well.
	Enabled bool `koanf:"enabled"`
	// CA is a PEM file of authorities that replace the system's.
	CA string `koanf:"ca"`
	// Cert and Key are PEM files of the client's own certificate; both or none.
	Cert string `koanf:"cert"`
	Key  string `koanf:"key"`
	// ServerName is the name that the broker's certificate must have. Defaults to the address's host.
	ServerName string `koanf:"server-name"`
	// Insecure accepts any certificate. Only for a broker under test.
	Insecure bool `koanf:"insecure"`
}

// Config returns nil where TLS is off.
func (t TLS) Config() (*tls.Config, error) {
	if t == (TLS{}) {
		return nil, nil
	}
	cfg := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         t.ServerName,
		InsecureSkipVerify: t.Insecure, //nolint:gosec // only where the user asked for it by name
	}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("tls.ca: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls.ca: %q holds no certificate", t.CA)
		}
	}
	if (t.Cert == "") != (t.Key == "") {
		return nil, errors.New("tls.cert and tls.key belong together: one of them is missing")
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("tls.cert: %w", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}
