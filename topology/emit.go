package topology

import (
	"fmt"
	"time"

	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/pack"
)

// EmitOption says something about one record that is sent.
type EmitOption func(*kernel.Emission)

// At gives the record a time; the default is that of the record being processed, and for a producer the
// present.
func At(t time.Time) EmitOption {
	return func(e *kernel.Emission) { e.Timestamp = t }
}

// WithHeader adds a header. The value must not be changed afterwards. The keys "eddy-pack", "eddy-epoch" and "eddy-dlq-for" are the framework's own:
// a record with them is refused, with [ErrEncode].
func WithHeader(key string, value []byte) EmitOption {
	return func(e *kernel.Emission) { e.Headers = append(e.Headers, kernel.Header{Key: key, Value: value}) }
}

// emission applies the options; now is the default of the timestamp.
func emission(now time.Time, opts []EmitOption) kernel.Emission {
	var e kernel.Emission
	for _, opt := range opts {
		opt(&e)
	}
	if e.Timestamp.IsZero() {
		e.Timestamp = now
	}
	return e
}

// checkHeaders refuses headers that would be read as the framework's.
func checkHeaders(topic string, key []byte, headers []kernel.Header) error {
	for _, h := range headers {
		if pack.Reserved(h.Key) {
			return kernel.In(PhaseWrite, fmt.Errorf("%w: header %q of %q, key %s: it is the framework's own", ErrEncode, h.Key, topic, kernel.Quote(key)))
		}
	}
	return nil
}

// emit encodes and sends one record.
func emit[K, V any](h *handle, r Scope, to Stream[K, V], key K, value V, opts []EmitOption) error {
	s, err := h.in(r)
	if err != nil {
		return err
	}
	k, err := encodeKey(to.topic, to.key, key)
	if err != nil {
		return err
	}
	v, err := encodeValue(to.topic, to.value, k, value)
	if err != nil {
		return err
	}
	return s.emit(h.edge.output, k, v, opts)
}

func (s *scope) emit(out *kernel.Output, key, value []byte, opts []EmitOption) error {
	if len(opts) == 0 {
		return s.task.Emit(out, key, value, s.msg.Timestamp, nil)
	}
	e := emission(s.msg.Timestamp, opts)
	if err := checkHeaders(out.Topic.Name, key, e.Headers); err != nil {
		return err
	}
	return s.task.Emit(out, key, value, e.Timestamp, e.Headers)
}
