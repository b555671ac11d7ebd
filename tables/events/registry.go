package events

import (
	"context"
	"errors"
)

// ErrAway is wrapped by the errors of a [Registry] that cannot say at present what a schema is: it is away, or does not let us in. What was to
// be read may be read later.
var ErrAway = errors.New("schema registry is away")

// ErrNoSchema is wrapped by the errors of a [Registry] that has no schema of the id.
var ErrNoSchema = errors.New("schema registry has no such schema")

// Registry is where the producers of others keep their schemas. It is safe for concurrent use.
type Registry interface {
	// Schema returns the schema with that id, which never changes. The error wraps [ErrAway] or [ErrNoSchema]; any other is for good.
	Schema(ctx context.Context, id int) (Registered, error)
}

// Registered is a schema in a registry.
type Registered struct {
	// Type is "AVRO", "JSON" or "PROTOBUF".
	Type string
	// Texts are the schema's text, last, and before it those that it refers to, each behind those that it names.
	Texts []string
}
