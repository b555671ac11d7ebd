package changelog

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/topology/internal/broker"
	"github.com/eddystream/eddy/topology/internal/cluster"
)

// A row was deleted while nobody looked, and its tombstone is gone. Loads that fail in between, before the first record or after
// some, do not make the table any younger: it is built anew, and the deleted row does not come back.
func TestLoadsThatFailDoNotRenewATable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		fetches int // that succeed in a load that fails
	}{{"before the first record", 0}, {"half-way", 1}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setupOn(t, broker.Start(t, broker.Options{}), 1, cluster.Policy{DeleteRetention: time.Hour})
			b.reader.fetcher.loadBytes = 1 // a batch a fetch
			b.put(0, "kept", "1", "deleted", "1")
			b.load(0)
			b.age(0, 40*time.Minute)
			tombstone := record(0, "deleted", "")
			tombstone.Timestamp = time.Now().Add(-2 * time.Hour) // the broker of the test goes by it
			for _, r := range []*kgo.Record{record(0, "x", "1"), record(0, "y", "1"), tombstone, record(0, "z", "1")} {
				if err := b.kafka.ProduceSync(t.Context(), r).FirstErr(); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				b.fail(c.fetches)
			}
			b.age(0, 40*time.Minute) // 80 in all
			b.broker.Compact()
			l := b.load(0)
			if !l.Rebuilt {
				t.Errorf("loaded %+v, want a table that was built anew", l)
			}
			b.check(0, map[string]string{"kept": "1", "x": "1", "y": "1", "z": "1"})
		})
	}
}

// fail begins a load that loses its connection after some fetches, and is then given up.
func (b *bundle) fail(fetches int) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b.broker.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		if isClosed(ctx.Done()) {
			return nil, nil, false
		}
		b.broker.KeepControl()
		if fetches--; fetches >= 0 {
			return nil, nil, false
		}
		cancel()
		return nil, errors.New("connection lost"), true
	})
	if _, err := b.reader.Load(ctx, b.table(0), topic, 0); !errors.Is(err, context.Canceled) {
		b.t.Fatalf("a load that should fail: %v", err)
	}
}
