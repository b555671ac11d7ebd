package events

import (
	"errors"
	"fmt"
	"strings"

	"github.com/eddystream/eddy/codecs"
)

// The schemas of the events that are written. Every minor version of them is read.
const (
	PageChangeSchema = "/mediawiki/page/change/1.2.0"
	RenderSchema     = "/eddy/render/1.0.0"
)

// ErrSchema is wrapped by the errors for an event whose "$schema" is missing, unknown or of another major version.
var ErrSchema = errors.New("unknown schema")

// ErrField is wrapped by the errors for an event that lacks a field, or has an impossible value in it.
var ErrField = errors.New("bad field")

// kind is which of the two events a schema's address says.
type kind uint8

const (
	pageChange kind = iota + 1
	render
)

func (k kind) String() string {
	if k == render {
		return "render"
	}
	return "page change"
}

// schemaKind reads a schema's address: "/", its name, "/", its version.
func schemaKind(address string) (kind, error) {
	if address == "" {
		return 0, fmt.Errorf("%w: $schema is missing", ErrSchema)
	}
	i := strings.LastIndexByte(address, '/')
	if i < 0 {
		return 0, fmt.Errorf("%w: %s", ErrSchema, codecs.Quote(address))
	}
	name, version := address[:i], address[i+1:]
	var k kind
	switch name {
	case "/mediawiki/page/change":
		k = pageChange
	case "/eddy/render":
		k = render
	default:
		return 0, fmt.Errorf("%w: %s", ErrSchema, codecs.Quote(address))
	}
	if major, _, _ := strings.Cut(version, "."); major != "1" {
		return 0, fmt.Errorf("%w: %s: version 1 is the newest that is understood", ErrSchema, codecs.Quote(address))
	}
	return k, nil
}

func missing(field string) error { return fmt.Errorf("%w: %s is missing", ErrField, field) }

func impossible(field string, value any) error {
	if text, ok := value.(string); ok {
		value = codecs.Quote(text)
	}
	return fmt.Errorf("%w: %s is %v", ErrField, field, value)
}
