package topologytest

import (
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/memlog"
	"github.com/eddystream/eddy/topology/internal/sender"
)

// Feed sends records into a driver from outside.
type Feed[K, V any] struct {
	d     *Driver
	topic *memlog.Topic
	key   codecs.Codec[K]
	value codecs.Codec[V]
}

// Input returns a feed of a stream that a processor of the topology consumes.
func Input[K, V any](d *Driver, s topology.Stream[K, V]) *Feed[K, V] {
	d.tb.Helper()
	for _, p := range d.topology.Processors {
		for _, in := range p.Inputs {
			if in.Topic.Name == s.Topic() {
				return &Feed[K, V]{d: d, topic: d.stream(s.Topic()), key: s.KeyCodec(), value: s.ValueCodec()}
			}
		}
	}
	d.tb.Fatalf("topologytest: no processor of %q consumes %q", d.topology.Name, s.Topic())
	return nil
}

// Seed returns a feed of a table's rows: of a table from outside the topology, or of a processor's own, as if
// it had run before.
func Seed[K, V any](d *Driver, t topology.Table[K, V]) *Feed[K, V] {
	d.tb.Helper()
	return &Feed[K, V]{d: d, topic: d.table(t.Topic()), key: t.KeyCodec(), value: t.ValueCodec()}
}

// Send sends a record and runs the topology to rest. Without [topology.At] the records of a driver are a second
// apart, beginning with the year 2000. An error fails the test at once.
func (f *Feed[K, V]) Send(key K, value V, opts ...topology.EmitOption) {
	f.d.tb.Helper()
	if err := f.SendErr(key, value, opts...); err != nil {
		f.d.tb.Fatal(err)
	}
}

// SendErr is Send for tests of errors; see [Driver.SettleErr].
func (f *Feed[K, V]) SendErr(key K, value V, opts ...topology.EmitOption) error {
	f.d.tb.Helper()
	f.Queue(key, value, opts...)
	return f.d.SettleErr()
}

// SendDelete sends a record without a value, which deletes the row of a table, and runs the topology to rest.
func (f *Feed[K, V]) SendDelete(key K, opts ...topology.EmitOption) {
	f.d.tb.Helper()
	f.QueueDelete(key, opts...)
	f.d.Settle()
}

// Queue writes a record and runs nothing; [Driver.Settle] does.
func (f *Feed[K, V]) Queue(key K, value V, opts ...topology.EmitOption) {
	f.d.tb.Helper()
	data, err := f.value.Encode(value)
	if err != nil {
		f.d.tb.Fatalf("topologytest: value of %q, key %v: %v", f.topic.Name, key, err)
	}
	if data == nil {
		data = []byte{}
	}
	f.queue(key, data, opts)
}

// QueueDelete writes a record without a value and runs nothing.
func (f *Feed[K, V]) QueueDelete(key K, opts ...topology.EmitOption) {
	f.d.tb.Helper()
	f.queue(key, nil, opts)
}

func (f *Feed[K, V]) queue(key K, data []byte, opts []topology.EmitOption) {
	f.d.tb.Helper()
	k, err := f.key.Encode(key)
	if err != nil {
		f.d.tb.Fatalf("topologytest: key %v of %q: %v", key, f.topic.Name, err)
	}
	e := kernel.Emission{Timestamp: f.d.now}
	for _, opt := range opts {
		if opt != nil {
			opt(&e)
		}
	}
	if f.topic.Table {
		f.d.local.Reload(f.topic.Name)
	} else {
		f.d.now = f.d.now.Add(time.Second)
	}
	f.d.log.Append(memlog.Record(&sender.Record{
		Topic: f.topic.Name, Partition: f.topic.PartitionOf(k), Key: k, Value: data, Timestamp: e.Timestamp, Headers: e.Headers,
	}))
}
