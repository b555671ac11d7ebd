package pack

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// HeaderKey is the key of the record header that marks a pack; its value is the version of the body, in digits.
const HeaderKey = "eddy-pack"

var mark = []byte("1")

// ForKey is the key of the record header that names the only group which the record is for: one that gave it up, and gets it again.
const ForKey = "eddy-dlq-for"

// ReplayedKey is the key of the record header that says how often the record was sent again.
const ReplayedKey = "eddy-dlq-replayed"

// Reserved reports whether a header key is the framework's: a message cannot have a header with it.
func Reserved(headerKey string) bool {
	return headerKey == HeaderKey || headerKey == fence.HeaderKey || headerKey == ForKey
}

// For returns the only group that a record is for; ok is false for one that is for all.
func For(r *kgo.Record) (group string, ok bool) {
	for i := range r.Headers {
		if r.Headers[i].Key == ForKey {
			return string(r.Headers[i].Value), true
		}
	}
	return "", false
}

// Record returns the record to be sent for the messages, with memory of its own; topic and partition are the caller's to set. A lone
// message is itself the record: packed it would only be larger, and hidden from other tools. The time of a pack is that of its
// newest message, because the retention of a topic goes by it. Without messages it returns the zero value.
func (b *Builder) Record() kernel.Message {
	if b.count == 0 {
		return kernel.Message{}
	}
	body := b.AppendTo(make([]byte, 0, b.Size()))
	if b.count == 1 {
		if alone, err := Decode(body, nil); err == nil { // as always
			alone[0].Packed = false
			return alone[0]
		}
	}
	return kernel.Message{Value: body, Timestamp: time.UnixMilli(b.newest), Headers: []kernel.Header{{Key: HeaderKey, Value: mark}}}
}

// Messages appends the messages of a record to dst: one of a plain record, with the record's headers but for those that are [Reserved];
// all of a pack. They share memory with the record. The error wraps [ErrDecode] and names topic, partition, offset, entry and byte; dst
// is then returned as it was.
func Messages(r *kgo.Record, dst []kernel.Message) ([]kernel.Message, error) {
	packed, reserved := false, 0
	for i := range r.Headers {
		if key := r.Headers[i].Key; Reserved(key) {
			reserved++
			packed = packed || key == HeaderKey
		}
	}
	if !packed {
		return append(dst, plain(r, len(r.Headers)-reserved)), nil
	}
	out, err := Decode(r.Value, dst)
	if err != nil {
		return dst, fmt.Errorf("record %q[%d]@%d: %w", r.Topic, r.Partition, r.Offset, err)
	}
	for i := len(dst); i < len(out); i++ {
		m := &out[i]
		m.Topic, m.Partition, m.Offset = r.Topic, r.Partition, r.Offset
	}
	return out, nil
}

// plain is the one message of a record that is no pack, with n headers.
func plain(r *kgo.Record, n int) kernel.Message {
	m := kernel.Message{
		Topic: r.Topic, Partition: r.Partition, Offset: r.Offset,
		Key: r.Key, Value: r.Value, Timestamp: exactTime(r.Timestamp),
	}
	if n == 0 {
		return m
	}
	m.Headers = make([]kernel.Header, 0, n)
	for _, h := range r.Headers {
		if !Reserved(h.Key) {
			m.Headers = append(m.Headers, kernel.Header{Key: h.Key, Value: h.Value})
		}
	}
	return m
}
