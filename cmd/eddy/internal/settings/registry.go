package settings

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/eddystream/eddy/internal/registry"
)

// SchemaRegistry says where the schemas of producers are kept that send Confluent's wire format.
type SchemaRegistry struct {
	// URL are the addresses, http or https; one is asked after the other. Defaults to none.
	URL []string `koanf:"url"`
	// User and Password log in; there is no flag for the password.
	User     string `koanf:"user"`
	Password string `koanf:"password"`
	// PasswordFile holds the password; white space around it is dropped.
	PasswordFile string `koanf:"password-file"`
	// Plaintext allows a login over http.
	Plaintext bool `koanf:"plaintext"`
	// TLS is for https: the authorities to trust, a certificate to show.
	TLS TLS `koanf:"tls"`
}

// Config returns nil where there is no registry.
func (s SchemaRegistry) Config() (*registry.Config, error) {
	password, err := s.password()
	switch {
	case err != nil:
		return nil, err
	case len(s.URL) == 0 && (s.User != "" || password != "" || s.TLS != TLS{}):
		return nil, errors.New("schema-registry.url is missing")
	case len(s.URL) == 0:
		return nil, nil
	case (s.User == "") != (password == ""):
		return nil, errors.New("schema-registry: user or password is missing")
	}
	for _, address := range s.URL {
		if err := registry.CheckURL(address); err != nil {
			return nil, fmt.Errorf("schema-registry.url: %w", err)
		}
		if s.User != "" && !s.Plaintext && !strings.HasPrefix(address, "https://") {
			return nil, errors.New("schema-registry: the password would travel without TLS: give an address with https, or allow it with schema-registry.plaintext")
		}
	}
	cfg := registry.Config{URLs: s.URL, User: s.User, Password: password}
	if cfg.TLS, err = s.TLS.Config(); err != nil {
		return nil, fmt.Errorf("schema-registry.%w", err)
	}
	return &cfg, nil
}

func (s SchemaRegistry) password() (string, error) {
	if s.PasswordFile == "" {
		return s.Password, nil
	}
	if s.Password != "" {
		return "", errors.New("schema-registry.password and schema-registry.password-file are both given")
	}
	data, err := os.ReadFile(s.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("schema-registry.password-file: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// BindRegistry adds the flags of the schema registry.
func BindRegistry(fs *pflag.FlagSet) {
	b := binder{fs, Default()}
	fs.StringSlice("schema-registry", nil, "`addresses` of the schema registry of producers that send Confluent's wire format, http or https (default none)")
	b.mark("schema-registry", "schema-registry.url")
	fs.String("schema-registry-user", "", "`name` to log in with at the schema registry")
	b.mark("schema-registry-user", "schema-registry.user")
	fs.String("schema-registry-password-file", "", "`file` with the password (or set EDDY_SCHEMA_REGISTRY_PASSWORD)")
	b.mark("schema-registry-password-file", "schema-registry.password-file")
	fs.String("schema-registry-ca", "", "PEM `file` of the authorities to trust for the schema registry")
	b.mark("schema-registry-ca", "schema-registry.tls.ca")
}
