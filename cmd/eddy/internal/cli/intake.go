package cli

import (
	"errors"

	"github.com/eddystream/eddy/cmd/eddy/internal/settings"
	"github.com/eddystream/eddy/internal/registry"
	"github.com/eddystream/eddy/processors"
)

// schemaRegistry is the registry of a worker, if it has one.
type schemaRegistry struct{ client *registry.Client }

// openIntake returns the intake that the settings ask for, and its registry, which the caller closes.
func openIntake(s settings.Settings) (*processors.Intake, schemaRegistry, error) {
	cfg, err := s.SchemaRegistry.Config()
	if err != nil {
		return nil, schemaRegistry{}, usageError(err)
	}
	if cfg == nil {
		return &processors.Intake{}, schemaRegistry{}, nil
	}
	client, err := registry.Open(*cfg)
	if err != nil {
		return nil, schemaRegistry{}, usageError(err)
	}
	return &processors.Intake{Registry: client}, schemaRegistry{client}, nil
}

// Close ends the connections.
func (r schemaRegistry) Close() {
	if r.client != nil {
		r.client.Close()
	}
}

// with is why a worker is not at work: for what its app says, or because a registry is waited for.
func (r schemaRegistry) with(app func() error) func() error {
	if r.client == nil {
		return app
	}
	return func() error { return errors.Join(app(), r.client.Health()) }
}
