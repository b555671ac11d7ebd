package events

import (
	"bytes"
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/go-json-experiment/json"

	"github.com/eddystream/eddy/codecs"
)

// Decode reads the JSON of one event of either schema: one of the two is not nil. Errors wrap [ErrSchema], for a schema
// that is unknown or of another major version, or [ErrField], for a field that is missing or impossible; others
// are those of the JSON.
func Decode(data []byte) (*PageChange, *Render, error) {
	w, k, err := decodeWire(data)
	if err != nil {
		return nil, nil, err
	}
	if k == pageChange {
		c, err := w.pageChange()
		return c, nil, err
	}
	r, err := w.render()
	return nil, r, err
}

// decodeWire reads the JSON and what both events have: the schema's kind is known, the id is set.
func decodeWire(data []byte) (*wire, kind, error) {
	w := new(wire)
	if err := json.Unmarshal(data, w); err != nil {
		// A later version may have other types in the fields: then the version is what is wrong.
		var head struct {
			Schema string `json:"$schema"`
		}
		if json.Unmarshal(data, &head) == nil {
			if _, err := schemaKind(head.Schema); err != nil {
				return nil, 0, err
			}
		}
		if w, err = lenientWire(data, err); err != nil {
			if e := noObject(data); e != nil {
				err = e
			}
			return nil, 0, codecs.Brief(inWords(err))
		}
	}
	k, err := schemaKind(w.Schema)
	if err != nil {
		return nil, 0, err
	}
	if w.Meta.ID == "" {
		w.Meta.ID = fmt.Sprintf("%016x", xxhash.Sum64(bytes.TrimSpace(data)))
	}
	return w, k, nil
}

// head checks and converts what both events have.
func (w *wire) head() (at time.Time, err error) {
	if w.Wiki == "" {
		return at, missing("wiki_id")
	}
	if at, err = parseTime("dt", w.Time); err != nil {
		return at, err
	}
	if err := possibleTime("dt", at); err != nil {
		return at, err
	}
	if w.Page == nil {
		return at, missing("page")
	}
	if err := w.Page.check("page"); err != nil {
		return at, err
	}
	switch id := w.Revision.ID; {
	case id == 0:
		return at, missing("revision.rev_id")
	case id < 0:
		return at, impossible("revision.rev_id", id)
	}
	return at, nil
}

func (p *wirePage) check(field string) error {
	switch {
	case p.ID == 0:
		return missing(field + ".page_id")
	case p.Title == "":
		return missing(field + ".page_title")
	case p.Namespace == nil:
		return missing(field + ".namespace_id")
	}
	return possibleID(field+".page_id", p.ID)
}

// parseTime reads a required time.
func parseTime(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, missing(field)
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, impossible(field, text)
	}
	return t.UTC(), nil
}

func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
