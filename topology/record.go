package topology

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// A Handler processes one record. The records of a partition, of all inputs and the loop of a processor
// together, come one at a time; partitions run in parallel. What a handler does through handles takes effect
// together: outputs first, then state, then the offset. After a crash a record may come again, with the
// state that it left itself. An error, or a panic, stops the processor, unless another policy says what becomes of the record: see [OnError].
//
// A handler may use handles, with its record, from goroutines of its own if it waits for all of them before it returns. What they do is in no order.
type Handler[K, V any] func(ctx context.Context, r *Record[K, V]) error

// Record is one record of a stream, given to a [Handler]. Key, Value and Deleted are the handler's own. What
// its methods return, and its use as a [Scope], end when the handler returns.
type Record[K, V any] struct {
	Key   K
	Value V
	// Deleted marks a tombstone: the record has a key and no value, and Value is the zero value. In a
	// stream it has no meaning but the one that its readers give it.
	Deleted bool

	s *scope
}

// Scope is the record that is being processed, for handles, or the [Timer] or [Punctuation]. It is sealed: only these are one, so that
// a handle cannot be used outside of a handler.
type Scope interface{ scope() *scope }

// scope is what handles need of a record. A task knows one goroutine; mu makes one of those that a handler has started, so whoever asks
// the task for something holds it.
type scope struct {
	mu   sync.Mutex
	task kernel.Task // nil once the handler has returned, or outside of a processor
	msg  *kernel.Message
	key  []byte // as the key codec of the processor spells it; nil: none
	none bool   // it is no record
	// Of a flow: deletes says that it carries them, deleted that this is one.
	deletes, deleted bool
}

// streamTime is the stream time of the task; zero if there is none, or no task.
func (s *scope) streamTime() time.Time {
	if s == nil || s.task == nil {
		return time.Time{}
	}
	return s.task.StreamTime()
}

func (r *Record[K, V]) scope() *scope {
	if r == nil {
		return nil
	}
	return r.s
}

func (r *Record[K, V]) message() *kernel.Message {
	if r.s == nil {
		return &kernel.Message{}
	}
	return r.s.msg
}

// HasKey reports whether the record has a key. One without has the zero Key, equals no key, and has no row: it is not found in tables, and
// cannot be written to them.
func (r *Record[K, V]) HasKey() bool { return r.message().Key != nil }

// Topic returns the topic that the record was read from.
func (r *Record[K, V]) Topic() string { return r.message().Topic }

// Partition returns the partition that the record was read from.
func (r *Record[K, V]) Partition() int32 { return r.message().Partition }

// Offset returns the place of the record in its partition. Records of one pack have one offset, and differ by their Index.
func (r *Record[K, V]) Offset() int64 { return r.message().Offset }

// Packed reports whether the record was read from a pack, with others of the same offset. See [Stream.Packed].
func (r *Record[K, V]) Packed() bool { return r.message().Packed }

// Index returns the place of the record in its pack, from 0 on; 0 if it was not in one.
func (r *Record[K, V]) Index() int { return r.message().Index }

// Timestamp returns the time that the sender gave to the record, with a resolution of a millisecond.
func (r *Record[K, V]) Timestamp() time.Time { return r.message().Timestamp }

// StreamTime returns the time that the partition's records have led to: the greatest timestamp of those that the processor has handled there,
// of all its inputs, and of this one. It never goes back, survives restarts, and moves with the partition. It is what the records say: one
// with a time far in the future takes it there, and all that waits for that time happens.
func (r *Record[K, V]) StreamTime() time.Time { return r.scope().streamTime() }

// Header is one header of a record. The order and repeats of headers are kept.
type Header struct {
	Key   string
	Value []byte
}

// Headers returns a copy of the record's headers; their values are shared and must not be changed.
func (r *Record[K, V]) Headers() []Header {
	m := r.message()
	if len(m.Headers) == 0 {
		return nil
	}
	headers := make([]Header, len(m.Headers))
	for i, h := range m.Headers {
		headers[i] = Header(h)
	}
	return headers
}

// Header returns the last header of that name.
func (r *Record[K, V]) Header(name string) ([]byte, bool) {
	headers := r.message().Headers
	for _, header := range slices.Backward(headers) {
		if header.Key == name {
			return header.Value, true
		}
	}
	return nil, false
}

// newRecord decodes a message. task is nil outside of a processor.
func newRecord[K, V any](task kernel.Task, m *kernel.Message, key codecs.Codec[K], value codecs.Codec[V]) (*Record[K, V], error) {
	// One allocation for both.
	frame := &struct {
		record Record[K, V]
		scope  scope
	}{scope: scope{task: task, msg: m, key: m.Key}}
	r := &frame.record
	r.s = &frame.scope
	var err error
	if m.Key == nil {
		// the zero key: there is nothing to decode
	} else if r.Key, err = key.Decode(m.Key); err != nil {
		return nil, kernel.In(PhaseDecode, fmt.Errorf("%w: key of record %s: %w", ErrDecode, m.Position(), err))
	}
	if m.Value == nil {
		r.Deleted = true
		return r, nil
	}
	if r.Value, err = value.Decode(m.Value); err != nil {
		return nil, kernel.In(PhaseDecode, fmt.Errorf("%w: value of record %s: %w", ErrDecode, m.Position(), err))
	}
	return r, nil
}

// handler compiles a typed handler of records whose keys and values are spelled by the given codecs.
func handler[K, V any](p *Processor[K], key codecs.Codec[K], value codecs.Codec[V], handle Handler[K, V]) kernel.Handler {
	own, name := p.key, p.kernel.Name
	same := sameCodec(key, own)
	return func(ctx context.Context, t kernel.Task, m *kernel.Message) error {
		r, err := newRecord(t, m, key, value)
		if err != nil {
			return err
		}
		if !same && m.Key != nil {
			if r.s.key, err = encodeKey(name, own, r.Key); err != nil {
				return kernel.In(PhaseDecode, err)
			}
			m.RowKey = r.s.key
		}
		err = handle(ctx, r)
		// A record that is kept and used later gets an error instead of another record's task.
		r.s.task = nil
		return err
	}
}
