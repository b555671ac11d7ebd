package events

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/eddystream/eddy/codecs"
)

// wireFormat is the length of what begins Confluent's wire format: a zero, and the schema's id.
const wireFormat = 5

// What is remembered of a registry: as many schemas, and for so long that it has none of an id, or one that does not fit.
const (
	knownSchemas  = 1000
	refusedSchema = 5 * time.Second
)

// registered are the schemas of a registry that values were read by.
type registered[E any] struct {
	registry Registry

	mu    sync.Mutex
	known map[int]*reading[E]
}

// reading is how values of one schema are read.
type reading[E any] struct {
	schema *codecs.Schema               // nil: the values are JSON
	decode func(data []byte) (E, error) // nil: they do not resolve into Eddy's schema
	err    error                        // they cannot be read, which is asked for again
	until  time.Time
}

func (in *Incoming[E]) readRegistered(ctx context.Context, value []byte) (E, error) {
	var none E
	if len(value) < wireFormat {
		return none, fmt.Errorf("%w: it begins as Confluent's wire format does, and has no id of a schema", ErrEncoding)
	}
	id := int(binary.BigEndian.Uint32(value[1:]))
	if id < 1 || id > math.MaxInt32 {
		return none, fmt.Errorf("%w: it begins as Confluent's wire format does, and %d is no id of a schema", ErrEncoding, id)
	}
	reading, err := in.reading(ctx, id)
	if err == nil {
		var ev E
		if ev, err = in.by(reading, value[wireFormat:]); err == nil {
			return ev, nil
		}
	}
	return none, fmt.Errorf("Confluent's wire format, schema id %d: %w", id, err) //nolint:staticcheck // a name
}

// by reads what a registered schema wrote. Where it does not resolve into Eddy's, or a value has a null where that has none, it is read field by
// field, as the same JSON would be.
func (in *Incoming[E]) by(how *reading[E], data []byte) (E, error) {
	var none E
	if how.schema == nil {
		return in.readJSON(data)
	}
	if how.decode != nil {
		if ev, err := how.decode(data); err == nil {
			return ev, in.check(&ev)
		}
	}
	value, err := how.schema.Value(data)
	if err != nil {
		return none, err
	}
	record, ok := value.(map[string]any)
	if !ok {
		return none, fmt.Errorf("%w: its schema %s is no record", ErrEncoding, codecs.Quote(how.schema.Name()))
	}
	record["$schema"] = in.address // a name that Avro does not allow
	text, err := json.Marshal(record, json.Deterministic(true))
	if err != nil {
		return none, err
	}
	return in.readJSON(text)
}

// reading returns how values of a registered schema are read.
func (in *Incoming[E]) reading(ctx context.Context, id int) (*reading[E], error) {
	if in.registry == nil {
		return nil, fmt.Errorf("%w: its schema is in a registry, and none is configured (schema-registry.url)", ErrEncoding)
	}
	in.mu.Lock()
	how := in.known[id]
	in.mu.Unlock()
	if how == nil || how.err != nil && time.Now().After(how.until) {
		s, err := in.registry.Schema(ctx, id)
		if errors.Is(err, ErrAway) || ctx.Err() != nil {
			return nil, err
		}
		how = &reading[E]{until: time.Now().Add(refusedSchema)}
		if how.err = err; err == nil {
			how.schema, how.decode, how.err = in.understand(s)
		}
		in.keep(id, how)
	}
	return how, how.err
}

func (in *Incoming[E]) understand(s Registered) (schema *codecs.Schema, decode func(data []byte) (E, error), err error) {
	switch s.Type {
	case "JSON":
		return nil, nil, nil
	case "AVRO":
	default:
		return nil, nil, fmt.Errorf("%w: its schema is of type %s, and those that are read are AVRO and JSON", ErrEncoding, codecs.Quote(s.Type))
	}
	if schema, err = codecs.ParseSchemas(s.Texts...); err != nil {
		return nil, nil, err
	}
	if in.own != nil {
		if decode, err = codecs.Foreign[E](schema, in.own); err != nil {
			decode = nil
		}
	}
	return schema, decode, nil
}

func (in *Incoming[E]) keep(id int, how *reading[E]) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.known) >= knownSchemas || in.known == nil {
		in.known = map[int]*reading[E]{} // they are a request away
	}
	in.known[id] = how
}
