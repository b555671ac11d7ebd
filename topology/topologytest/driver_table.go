package topologytest

import (
	"maps"
	"slices"

	"github.com/eddystream/eddy/topology"
)

// Value returns the committed row of a key, decoded from its bytes.
func Value[K, V any](d *Driver, t topology.Table[K, V], key K) (V, bool) {
	d.tb.Helper()
	table := d.table(t.Topic())
	var zero V
	k, err := t.KeyCodec().Encode(key)
	if err != nil {
		d.tb.Fatalf("topologytest: key %v of %q: %v", key, t.Topic(), err)
	}
	r, ok := table.Rows[string(k)]
	if !ok {
		return zero, false
	}
	v, err := t.ValueCodec().Decode(r.Value)
	if err != nil {
		d.tb.Fatalf("topologytest: row %v of %q: %v", key, t.Topic(), err)
	}
	return v, true
}

// Rows returns all committed rows of a table, decoded from their bytes, in the order of their encoded keys.
func Rows[K, V any](d *Driver, t topology.Table[K, V]) []Entry[K, V] {
	d.tb.Helper()
	rows := d.table(t.Topic()).Rows
	var all []Entry[K, V]
	for _, k := range slices.Sorted(maps.Keys(rows)) {
		key, err := t.KeyCodec().Decode([]byte(k))
		if err != nil {
			d.tb.Fatalf("topologytest: key %q of %q: %v", k, t.Topic(), err)
		}
		value, err := t.ValueCodec().Decode(rows[k].Value)
		if err != nil {
			d.tb.Fatalf("topologytest: row %q of %q: %v", k, t.Topic(), err)
		}
		all = append(all, Entry[K, V]{Key: key, Value: value})
	}
	return all
}
