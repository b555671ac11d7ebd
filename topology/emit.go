package topology

import (
	"fmt"
	"math"
	"time"

	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/pack"
)

// EmitOption says something about one record that is sent.
type EmitOption func(*kernel.Emission)

// At gives the record a time; the default is that of the record being processed, and for a producer the
// present. A time before the year 1678 or after 2261 cannot be sent, and is refused with [ErrEncode].
func At(t time.Time) EmitOption {
	return func(e *kernel.Emission) { e.Timestamp = t }
}

// WithHeader adds a header. The value must not be changed afterwards. The keys "eddy-pack", "eddy-epoch" and "eddy-dlq-for" are the framework's own:
// a record with them is refused, with [ErrEncode].
func WithHeader(key string, value []byte) EmitOption {
	return func(e *kernel.Emission) { e.Headers = append(e.Headers, kernel.Header{Key: key, Value: value}) }
}

// HeadersOf adds the headers of the record that is being processed. Flows pass them on by themselves.
func HeadersOf(r Scope) EmitOption {
	return func(e *kernel.Emission) {
		if r == nil {
			return
		}
		if s := r.scope(); s != nil && s.msg != nil {
			e.Headers = append(e.Headers, s.msg.Headers...)
		}
	}
}

// emission applies the options; now is the default of the timestamp.
func emission(topic string, now time.Time, opts []EmitOption) (kernel.Emission, error) {
	var e kernel.Emission
	apply(&e, opts)
	if e.Timestamp.IsZero() {
		e.Timestamp = now
	}
	if !e.Timestamp.Equal(sendable(e.Timestamp)) {
		return e, fmt.Errorf("%w: a record of %q: its time is %s, which cannot be sent", ErrEncode, topic, e.Timestamp.UTC().Format(time.RFC3339))
	}
	return e, nil
}

// The first and the last time that can be sent: the client counts in nanoseconds.
var (
	firstTime = time.Unix(0, math.MinInt64).Truncate(time.Second).Add(time.Second)
	lastTime  = time.Unix(0, math.MaxInt64).Truncate(time.Second)
)

// sendable is the time that can be sent which is next to t: t itself but for times some centuries away, such as the first or the last that a
// calendar has.
func sendable(t time.Time) time.Time {
	switch {
	case t.Before(firstTime):
		return firstTime
	case t.After(lastTime):
		return lastTime
	}
	return t
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
	inherited := sendable(s.msg.Timestamp)
	if len(opts) == 0 {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.task.Emit(out, key, value, inherited, nil)
	}
	e, err := emission(out.Topic.Name, inherited, opts)
	if err != nil {
		return err
	}
	if err := checkHeaders(out.Topic.Name, key, e.Headers); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.task.Emit(out, key, value, e.Timestamp, e.Headers)
}
