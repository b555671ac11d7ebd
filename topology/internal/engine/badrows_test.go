package engine_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// What somebody writes into a table, and is no row of it, is kept out when the table is loaded, and while its owner runs; the rows are as they were,
// also in the log, and what was written is among the dead letters.
func TestGarbageInATable(t *testing.T) {
	t.Parallel()
	for _, delivery := range []engine.Delivery{engine.AtLeastOnce, engine.ExactlyOnce} {
		t.Run(fmt.Sprint(delivery), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			topo := ledger(kernel.EveryPhase(kernel.Policy{Then: kernel.ActionDeadLetter}))
			own := topo.Processors[0].Own
			decode := own.Decode
			own.Decode = func(data []byte) (any, error) {
				if strings.Contains(string(data), "garbage") {
					return nil, errTest
				}
				return decode(data)
			}
			b.topics(topo, 2)
			key := ledgerKeys(1)[0]
			garbage := func() {
				b.produce(
					to("test-ledger-table", 0, key, "garbage"), to("test-ledger-table", 0, "other", "more garbage"),
					&kgo.Record{Topic: "test-ledger-table", Partition: 0, Value: []byte("no key")},
				)
			}
			r := b.start(topo, onDelivery(delivery)).started()
			b.produce(to("in", 0, key, "a"))
			r.settle()
			garbage()
			b.produce(to("in", 0, key, "b"))
			r.settle()
			b.check(r.stop())
			garbage()
			var failed atomic.Int64
			last := b.start(topo, onDelivery(delivery), func(o *engine.Options) {
				o.Observer.Failed = func(kernel.FailedInfo) { failed.Add(1) }
			}).started()
			b.produce(to("in", 0, key, "c"))
			last.settle()
			b.check(last.stop())
			want := map[string]string{key: "a;b;c;", "last-" + key: "c"}
			if diff := cmp.Diff(want, fold(b.committedRecords("test-ledger-table", 2))); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if failed.Load() == 0 {
				t.Error("nothing was told")
			}
			found := map[string]bool{}
			for _, l := range b.letters(2) {
				if !l.Table || l.Topic != "test-ledger-table" || l.Phase != kernel.PhaseDecode {
					t.Errorf("letter %+v", l)
				}
				found[fmt.Sprint(l.Offset, string(l.Value))] = true
			}
			if len(found) != 6 {
				t.Errorf("letters %v, not 6", found)
			}
		})
	}
}
