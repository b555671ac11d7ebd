package changelog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/topology/internal/broker"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/store"
)

func TestLoadGoesOnWhereTheTableStands(t *testing.T) {
	t.Parallel()
	b := setup(t, 2)
	if l := b.load(0); l.Records != 0 || l.Offset != 0 || l.Rebuilt {
		t.Errorf("load of an empty topic: %+v", l)
	}
	b.put(0, "a", "1", "b", "1", "a", "2", "c", "1", "b", "")
	b.put(1, "x", "1")
	if l := b.load(0); l.Records != 5 || l.Offset != 5 || l.Rebuilt {
		t.Errorf("first load: %+v", l)
	}
	b.check(0, map[string]string{"a": "2", "c": "1"})
	if b.offset(0) != 5 {
		t.Errorf("offset %d", b.offset(0))
	}
	b.put(0, "a", "", "d", "1")
	if l := b.load(0); l.Records != 2 || l.Offset != 7 {
		t.Errorf("second load: %+v", l)
	}
	b.check(0, map[string]string{"c": "1", "d": "1"})
	if l := b.load(0); l.Records != 0 || l.Offset != 7 {
		t.Errorf("third load: %+v", l)
	}
	b.check(1, map[string]string{})
}

func TestLoadPassesOverTransactionMarkers(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.put(0, "a", "1")
	b.transact(kgo.TryCommit, "b", "1", "a", "2")
	b.transact(kgo.TryAbort, "a", "aborted", "c", "aborted")
	// Offsets: 0 put; 1, 2 and marker 3; 4, 5 and marker 6. The last that a reader gets is 2.
	l := b.load(0)
	if l.Offset != 7 || l.Records != 3 {
		t.Errorf("loaded %+v, want 3 records up to 7", l)
	}
	b.check(0, map[string]string{"a": "2", "b": "1"})
	for range 2 { // the second from what the first has learnt
		if end, err := b.reader.End(t.Context(), topic, 0); end != 3 || err != nil {
			t.Errorf("End = %d, %v; want 3", end, err)
		}
	}
}

func TestLoadDoesNotWaitForOpenTransactions(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.put(0, "a", "1")
	kafka, err := kgo.NewClient(append(b.client.Kgo(), kgo.TransactionalID("open"))...)
	if err != nil {
		t.Fatal(err)
	}
	defer kafka.Close()
	if err := errors.Join(kafka.BeginTransaction(), kafka.ProduceSync(t.Context(), record(0, "a", "open")).FirstErr()); err != nil {
		t.Fatal(err)
	}
	if l := b.load(0); l.Offset != 1 {
		t.Errorf("loaded to %d, want 1, where the open transaction begins", l.Offset)
	}
	if err := kafka.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	b.load(0)
	b.check(0, map[string]string{"a": "open"})
}

func TestLoadAfterCompaction(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	for i := range 50 {
		b.put(0, "a", strconv.Itoa(i), "b", "x")
	}
	b.put(0, "b", "")
	b.broker.Compact()
	l := b.load(0)
	if l.Offset != 101 || l.Records >= 101 {
		t.Errorf("loaded %+v of a compacted log, want fewer than 101 records up to 101", l)
	}
	b.check(0, map[string]string{"a": "49"})
	if end, err := b.reader.End(t.Context(), topic, 0); end != 101 || err != nil {
		t.Errorf("End = %d, %v", end, err)
	}
}

func TestStaleTableIsRebuilt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		reason string
		spoil  func(t *testing.T, b *bundle)
	}{
		{"made anew", "topic id", func(_ *testing.T, b *bundle) {
			b.recreate(1)
			b.put(0, "a", "1", "b", "2", "c", "3")
		}},
		{"of another cluster", "cluster", func(t *testing.T, b *bundle) {
			batch := b.db.Batch()
			id, err := b.table(0).Identity()
			batch.SetIdentity(b.table(0), store.Identity{Cluster: "another", Topic: id.Topic})
			if err := errors.Join(err, batch.Commit()); err != nil {
				t.Fatal(err)
			}
		}},
		{"past the end", "past the end", func(t *testing.T, b *bundle) {
			batch := b.db.Batch()
			batch.SetProgress(b.table(0), store.Progress{Next: 1000, AsOf: time.Now()})
			if err := batch.Commit(); err != nil {
				t.Fatal(err)
			}
		}},
		{"before the start", "before the start", func(t *testing.T, b *bundle) {
			b.put(0, "a", "1", "b", "2", "c", "3")
			offsets := kadm.Offsets{}
			offsets.Add(kadm.Offset{Topic: topic, Partition: 0, At: 5, LeaderEpoch: -1})
			if _, err := kadm.NewClient(b.kafka).DeleteRecords(t.Context(), offsets); err != nil {
				t.Fatal(err)
			}
		}},
		{"older than the tombstones", "keeps deletes", func(t *testing.T, b *bundle) {
			b.put(0, "c", "4")
			config := kadm.AlterConfig{Op: kadm.SetConfig, Name: "delete.retention.ms", Value: new("1")}
			if _, err := kadm.NewClient(b.kafka).AlterTopicConfigs(t.Context(), []kadm.AlterConfig{config}, topic); err != nil {
				t.Fatal(err)
			}
			b.age(0, time.Second)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, 1)
			b.put(0, "a", "1", "b", "2", "c", "3")
			b.load(0)
			// A row that the log does not have any more, as after a delete whose tombstone is gone.
			batch := b.db.Batch()
			batch.Set(b.table(0), []byte("ghost"), []byte("1"))
			if err := batch.Commit(); err != nil {
				t.Fatal(err)
			}
			c.spoil(t, b)
			l := b.load(0)
			if !l.Rebuilt || !strings.Contains(l.Reason, c.reason) {
				t.Errorf("loaded %+v, want a rebuilt table because of %q", l, c.reason)
			}
			if ok, err := b.table(0).Has([]byte("ghost")); ok || err != nil {
				t.Errorf("a row of before is still there (%v)", err)
			}
			if ok, err := b.table(0).Has([]byte("c")); !ok || err != nil {
				t.Errorf("a row of the log is not there (%v)", err)
			}
			if l := b.load(0); l.Rebuilt {
				t.Errorf("rebuilt again: %s", l.Reason)
			}
		})
	}
}

func TestOldTableAtTheEndIsKept(t *testing.T) {
	t.Parallel()
	b := setupOn(t, broker.Start(t, broker.Options{}), 1, cluster.Policy{DeleteRetention: time.Millisecond})
	b.put(0, "a", "1")
	b.load(0)
	b.age(0, time.Second)
	if l := b.load(0); l.Rebuilt {
		t.Errorf("a table that misses nothing was rebuilt: %s", l.Reason)
	}
}

func TestLoadSurvivesLostFetches(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	for i := range 500 {
		b.put(0, fmt.Sprintf("k%d", i), "v")
	}
	var n atomic.Int64
	b.broker.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		b.broker.KeepControl()
		if n.Add(1) <= 5 {
			return nil, errors.New("connection lost"), true
		}
		return nil, nil, false
	})
	b.load(0)
	if got, err := b.table(0).Count(); got != 500 || err != nil {
		t.Errorf("%d rows, %v", got, err)
	}
	if n.Load() < 6 {
		t.Errorf("%d fetches: none was lost", n.Load())
	}
}

func TestLoadOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	tab := b.table(0)
	if _, err := b.reader.Load(t.Context(), tab, "absent", 0); !errors.Is(err, cluster.ErrNoTopic) {
		t.Errorf("absent topic: %v", err)
	}
	if _, err := b.reader.Load(t.Context(), tab, topic, 7); !errors.Is(err, cluster.ErrNoTopic) {
		t.Errorf("absent partition: %v", err)
	}
	b.put(0, "a", "1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.reader.Load(ctx, tab, topic, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	b.db.Close()
	if _, err := b.reader.Load(t.Context(), tab, topic, 0); !errors.Is(err, store.ErrClosed) {
		t.Errorf("closed store: %v", err)
	}
}

// TestLoadWaitsForBrokersThatDoNotKnowYet lets the topic be unknown a few times, as to a broker that has just started.
func TestLoadWaitsForBrokersThatDoNotKnowYet(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.reader.absentFor = time.Minute
	b.put(0, "a", "1")
	var n atomic.Int64
	b.broker.ControlKey(int16(kmsg.Metadata), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.broker.KeepControl()
		if n.Add(1) > 3 {
			return nil, nil, false
		}
		response := req.ResponseKind().(*kmsg.MetadataResponse)
		for _, topic := range req.(*kmsg.MetadataRequest).Topics {
			rt := kmsg.NewMetadataResponseTopic()
			rt.Topic, rt.ErrorCode = topic.Topic, 3 // unknown topic or partition
			response.Topics = append(response.Topics, rt)
		}
		return response, nil, true
	})
	if l := b.load(0); l.Records != 1 {
		t.Errorf("loaded %+v", l)
	}
}

// BenchmarkLoad loads 200,000 rows of 100 bytes from a broker in the same process, into both stores, and in memory with epochs.
func BenchmarkLoad(b *testing.B) {
	u := setup(b, 2)
	const rows = 200_000
	value := strings.Repeat("v", 100)
	for i := 0; i < rows; {
		var records []*kgo.Record
		for ; len(records) < 20_000; i++ {
			key := fmt.Sprintf("key-%d", i)
			records = append(records, record(0, key, value), stamped(1, key, value, 1_790_000_000))
		}
		if err := u.kafka.ProduceSync(context.Background(), records...).FirstErr(); err != nil {
			b.Fatal(err)
		}
	}
	for _, c := range []struct {
		name      string
		partition int32
	}{{"pebble", 0}, {"memory", 0}, {"memory, epochs", 1}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				db := store.OpenMemory()
				if c.name == "pebble" {
					var err error
					if db, err = store.Open(store.Options{Dir: b.TempDir()}); err != nil {
						b.Fatal(err)
					}
				}
				t, err := db.Table("t")
				if err != nil {
					b.Fatal(err)
				}
				if l, err := u.reader.Load(context.Background(), t, topic, c.partition); err != nil || l.Records != rows {
					b.Fatal(l, err)
				}
				if err := db.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
