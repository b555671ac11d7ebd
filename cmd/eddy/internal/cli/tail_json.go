package cli

import (
	"encoding/json"

	"github.com/eddystream/eddy/topology"
)

// recordJSON is a record for machines. Keys and values are text, documents, or hexadecimal digits; null is no key, or a tombstone.
type recordJSON struct {
	Topic     string       `json:"topic"`
	Partition int32        `json:"partition"`
	Offset    int64        `json:"offset"`
	Index     *int         `json:"index,omitempty"` // in a pack
	Time      string       `json:"time"`
	Key       any          `json:"key"`
	Value     any          `json:"value"`
	Headers   []headerJSON `json:"headers,omitempty"`
}

func newRecordJSON(r *topology.Record[[]byte, []byte]) recordJSON {
	out := recordJSON{
		Topic: r.Topic(), Partition: r.Partition(), Offset: r.Offset(), Time: r.Timestamp().UTC().Format(timeFormat), Key: plainJSON("", r.Key),
	}
	if r.Packed() {
		out.Index = new(r.Index())
	}
	if !r.Deleted {
		out.Value = plainJSON(r.Topic(), r.Value)
	}
	for _, h := range r.Headers() {
		out.Headers = append(out.Headers, headerJSON{Key: h.Key, Value: newBytesJSON("", h.Value)})
	}
	return out
}

// plainJSON is a document or a text as it is, and {"hex": …} for other bytes.
func plainJSON(topic string, data []byte) any {
	b := newBytesJSON(topic, data)
	switch {
	case b == nil:
		return nil
	case b.Document != nil:
		return b.Document
	case b.Text == nil:
		return map[string]string{"hex": b.Hex}
	case topic != "" && json.Valid(data):
		return json.RawMessage(data)
	}
	return *b.Text
}
