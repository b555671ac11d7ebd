package topology_test

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology"
)

// A view passes over what cannot be a row, and its iterations go on behind rows that cannot be read.
func TestViewWithGarbage(t *testing.T) {
	t.Parallel()
	w := setupWorld(t)
	w.set(map[string]int64{"a": 1, "b": 2, "c": 3})
	raw(w.ctx(), t, w.cfg.Brokers,
		&kgo.Record{Topic: "rows", Partition: 0, Key: []byte("aa"), Value: []byte("garbage")},
		&kgo.Record{Topic: "rows", Partition: 1, Value: []byte("no key")},
		&kgo.Record{Topic: "rows", Partition: 2, Key: []byte("bb"), Value: []byte("x"), Headers: []kgo.RecordHeader{{Key: "eddy-epoch"}}},
	)
	view(w.ctx(), t, rowsTable, w.cfg, func(v *topology.View[string, int64]) {
		sum, bad := int64(0), 0
		for e, err := range v.All() {
			switch {
			case errors.Is(err, topology.ErrDecode):
				bad++
			case err != nil:
				t.Error(err)
			default:
				sum += e.Value
			}
		}
		if sum != 6 || bad != 1 {
			t.Errorf("sum %d, %d bad rows", sum, bad)
		}
	})
}
