package events

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"
	"github.com/go-json-experiment/json"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables/schemas"
)

// Incoming reads events as the producers of others send them: as JSON, as Avro with the single-object header of one of Eddy's schemas, or in
// Confluent's wire format, whose schema a registry has. Which it is the first bytes say. It is safe for concurrent use.
type Incoming[E any] struct {
	address string // of the events' schema
	json    codecs.Codec[E]
	avro    codecs.Codec[E] // of single objects; nil: there are none
	own     *codecs.Schema  // what Avro is resolved into; nil: it is read field by field
	check   func(*E) error  // of what was resolved
	meta    func(*E) *Meta
	registered[E]
}

// IncomingChanges reads page changes. They have no Avro schema of Eddy's. Without a registry nothing in Confluent's wire format is read.
func IncomingChanges(registry Registry) *Incoming[PageChange] {
	return &Incoming[PageChange]{
		address: PageChangeSchema, json: PageChangeCodec(), meta: func(c *PageChange) *Meta { return &c.Meta }, registered: registered[PageChange]{registry: registry},
	}
}

// IncomingRenders reads render events. Without a registry nothing in Confluent's wire format is read.
func IncomingRenders(registry Registry) *Incoming[Render] {
	return &Incoming[Render]{
		address: RenderSchema, json: RenderJSON(), avro: RenderCodec(), own: schemas.Releases.MustFormat("eddy.Render").Schema(),
		check: (*Render).possible, meta: func(r *Render) *Meta { return &r.Meta }, registered: registered[Render]{registry: registry},
	}
}

// errCanary says that an event is a test of the event platform.
var errCanary = errors.New("canary event")

// Read reads the value of a record. A canary event is not read, and ok is false, whatever else is in it. The error wraps [ErrAway] where the
// value may be read later; otherwise it is no event of this kind, and the error says why, at no great length. An event without an id
// is given one that a repeat has too.
func (in *Incoming[E]) Read(ctx context.Context, value []byte) (ev E, ok bool, err error) {
	ev, err = in.read(ctx, value)
	switch {
	case errors.Is(err, errCanary):
		return ev, false, nil
	case err != nil:
		return ev, false, codecs.Brief(err)
	}
	meta := in.meta(&ev)
	if meta.ID == "" {
		meta.ID = fmt.Sprintf("%016x", xxhash.Sum64(bytes.TrimSpace(value)))
	}
	return ev, !meta.Canary(), nil
}

func (in *Incoming[E]) read(ctx context.Context, value []byte) (E, error) {
	_, object := codecs.SingleObjectHeader(value)
	switch text := bytes.TrimLeft(value, " \t\r\n"); {
	case len(text) > 0 && text[0] == '{':
		return in.readJSON(text)
	case in.avro != nil && object:
		return in.avro.Decode(value)
	case len(value) > 0 && value[0] == 0:
		return in.readRegistered(ctx, value)
	default:
		var none E
		return none, fmt.Errorf("%w: %s", ErrEncoding, encodingOf(value, text))
	}
}

func (in *Incoming[E]) readJSON(text []byte) (E, error) {
	ev, err := in.json.Decode(text)
	if err == nil {
		return ev, nil
	}
	if CanaryJSON(text) {
		return ev, errCanary
	}
	return ev, err
}

// CanaryJSON reports whether the JSON of an event, of whatever else is in it, says that it is a test of the event platform.
func CanaryJSON(text []byte) bool {
	var head struct {
		Meta wireMeta `json:"meta"`
	}
	return json.Unmarshal(text, &head) == nil && (Meta{Domain: head.Meta.Domain}).Canary()
}
