package events

import (
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/eddystream/eddy/codecs"
)

// RenderJSON is the JSON codec of render events, as files have them; in Kafka they are Avro, see [RenderCodec].
// Decode's errors are those of [Decode]; an event of another schema is [ErrSchema].
func RenderJSON() codecs.Codec[Render] { return renderJSON{} }

type renderJSON struct{}

func (renderJSON) Decode(data []byte) (Render, error) {
	w, k, err := decodeWire(data)
	if err != nil {
		return Render{}, err
	}
	if k != render {
		return Render{}, fmt.Errorf("%w: %s is no render", ErrSchema, codecs.Quote(w.Schema))
	}
	r, err := w.render()
	if err != nil {
		return Render{}, err
	}
	return *r, nil
}

func (renderJSON) Encode(r Render) ([]byte, error) {
	w := &wire{
		Schema:     RenderSchema,
		Meta:       wireMeta{Stream: "eddy.render", ID: r.Meta.ID, Domain: r.Meta.Domain},
		Wiki:       r.Wiki,
		Time:       formatTime(r.Start),
		Page:       &wirePage{ID: r.Page.ID, Title: r.Page.Title, Namespace: &r.Page.Namespace},
		Revision:   wireRevision{ID: r.Revision.ID},
		Closure:    r.Closure.String(),
		OutputSHA1: r.OutputSHA1, ContentSHA1: r.ContentSHA1, TransclusionSHA1: r.TransclusionSHA1,
		Links: r.Links.wire(),
	}
	if c := r.Cause; c != nil {
		w.Cause = &wireCause{c.CascadeID, c.Root}
	}
	// What would not be read back is not written.
	if _, err := w.render(); err != nil {
		return nil, err
	}
	return json.Marshal(w)
}

func (w *wire) render() (*Render, error) {
	start, err := w.head()
	if err != nil {
		return nil, err
	}
	r := &Render{
		Meta: Meta{w.Meta.ID, w.Meta.Domain}, Wiki: w.Wiki, Start: start,
		Page:       RenderPage{w.Page.ID, w.Page.Title, *w.Page.Namespace},
		Revision:   RenderRevision{w.Revision.ID},
		OutputSHA1: w.OutputSHA1, ContentSHA1: w.ContentSHA1, TransclusionSHA1: w.TransclusionSHA1,
	}
	shorten(&r.Meta.ID, &r.OutputSHA1, &r.ContentSHA1, &r.TransclusionSHA1)
	switch w.Closure {
	case "complete":
		r.Closure = Complete
	case "direct":
		r.Closure = Direct
	case "":
		return nil, missing("closure")
	default:
		return nil, impossible("closure", w.Closure)
	}
	if w.Links == nil {
		return nil, missing("links")
	}
	var dropped []Dropped
	r.Links, dropped = w.Links.links()
	r.Dropped = slices.Concat(w.dropped, dropped)
	if c := w.Cause; c != nil {
		r.Cause = &Cause{c.CascadeID, c.Root}
	}
	return r, nil
}
