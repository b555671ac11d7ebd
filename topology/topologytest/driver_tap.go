package topologytest

import (
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/memlog"
	"github.com/eddystream/eddy/topology/internal/pack"
)

// Tap reads a stream of a driver from its start, each record once.
type Tap[K, V any] struct {
	d     *Driver
	key   codecs.Codec[K]
	value codecs.Codec[V]
	log   *memlog.Topic
	at    int              // of the next record
	read  []kernel.Message // of the record before it, and not taken yet
}

// Entry is a record of a stream, or a row of a table.
type Entry[K, V any] struct {
	Key     K
	Value   V
	Deleted bool // a tombstone; never a row
}

// Sent is a record of a stream with what came with it.
type Sent[K, V any] struct {
	Entry[K, V]
	Timestamp time.Time
	Headers   []topology.Header
}

// Output returns a tap of a stream that a processor of the topology writes or reads.
func Output[K, V any](d *Driver, s topology.Stream[K, V]) *Tap[K, V] {
	d.tb.Helper()
	log := d.stream(s.Topic())
	if log == nil {
		d.tb.Fatalf("topologytest: no processor of %q writes or reads %q", d.topology.Name, s.Topic())
	}
	return &Tap[K, V]{d: d, key: s.KeyCodec(), value: s.ValueCodec(), log: log}
}

// Next returns the next record; false if there is none yet. The value of a tombstone is the zero value.
func (t *Tap[K, V]) Next() (K, V, bool) {
	t.d.tb.Helper()
	s, ok := t.NextSent()
	return s.Key, s.Value, ok
}

// All returns the records that were not read before.
func (t *Tap[K, V]) All() []Entry[K, V] {
	t.d.tb.Helper()
	var all []Entry[K, V]
	for {
		s, ok := t.NextSent()
		if !ok {
			return all
		}
		all = append(all, s.Entry)
	}
}

// NextSent returns the next record with its timestamp and headers; false if there is none yet.
func (t *Tap[K, V]) NextSent() (Sent[K, V], bool) {
	t.d.tb.Helper()
	var s Sent[K, V]
	var err error
	for ; len(t.read) == 0; t.at++ {
		if t.at == len(t.log.Records) {
			return s, false
		}
		if t.read, err = pack.Messages(t.log.Records[t.at], nil); err != nil {
			t.d.tb.Fatalf("topologytest: %v", err)
		}
	}
	m := t.read[0]
	t.read = t.read[1:]
	s.Timestamp, s.Deleted = m.Timestamp, m.Value == nil
	for _, h := range m.Headers {
		s.Headers = append(s.Headers, topology.Header(h))
	}
	if s.Key, err = t.key.Decode(m.Key); err != nil {
		t.d.tb.Fatalf("topologytest: key of %s: %v", m.Position(), err)
	}
	if s.Deleted {
		return s, true
	}
	if s.Value, err = t.value.Decode(m.Value); err != nil {
		t.d.tb.Fatalf("topologytest: value of %s: %v", m.Position(), err)
	}
	return s, true
}
