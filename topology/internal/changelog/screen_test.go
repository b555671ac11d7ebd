package changelog

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/fence"
)

// garbage are records that are no rows, but for the last, which has no wrong with it that could be seen.
func garbage() []*kgo.Record {
	epochs := record(0, "b", "2")
	epochs.Headers = []kgo.RecordHeader{{Key: fence.HeaderKey, Value: []byte("no epoch\xff")}}
	later := stamped(1, "b", "3", 1<<40) // of another partition
	later.Partition = 0
	return []*kgo.Record{
		epochs, later,
		record(0, "a", "bad"),
		record(0, "bad key", "1"),
		record(0, "bad key", ""),
		{Topic: topic, Value: []byte("no key")},
		stamped(0, "d", "bad", 7), // a task wrote it
	}
}

var errBad = errors.New("no row")

// screening keeps out bad rows, and notes the offsets of what was kept out.
func screening(kept *[]int64, end error) *Screen {
	return &Screen{
		Check: func(key, value []byte) error {
			if string(value) == "bad" || string(key) == "bad key" {
				return errBad
			}
			return nil
		},
		Bad: func(_ context.Context, r *kgo.Record, err error) error {
			if err == nil {
				panic("there is nothing bad")
			}
			*kept = append(*kept, r.Offset)
			return end
		},
	}
}

// What is no row is kept out, whoever reads, and its rows are to be written anew.
func TestScreen(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.putAs(0, 7, "a", "1", "b", "1", "c", "1")
	if err := b.kafka.ProduceSync(t.Context(), garbage()...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	b.put(0, "c", "from outside")
	var kept []int64
	l := b.load(0, AsOwner(), Screened(screening(&kept, nil)))
	want := map[string]string{"a": "1", "b": "1", "c": "from outside", "d": "bad"}
	b.check(0, want)
	if diff := cmp.Diff([]int64{3, 4, 5, 6, 7, 8}, kept); diff != "" {
		t.Errorf("kept out (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"", "a", "b", "bad key"}, staleKeysOf(l)); diff != "" {
		t.Errorf("stale (-want +got):\n%s", diff)
	}
	// Until they are written they are stale, also for who comes later.
	if diff := cmp.Diff(staleKeysOf(l), staleKeysOf(b.load(0, AsOwner(), Screened(screening(&kept, nil))))); diff != "" {
		t.Errorf("stale (-want +got):\n%s", diff)
	}
	b.putAs(0, 8, "a", "1", "b", "1", "bad key", "", "", "")
	if l := b.load(0, AsOwner(), Screened(screening(&kept, nil))); len(l.Stale.Keys) > 0 {
		t.Errorf("stale: %v", staleKeysOf(l))
	}
	b.check(0, want)
}

// Who decides may end the reading.
func TestScreenEndsReading(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.put(0, "a", "1", "b", "bad")
	var kept []int64
	if _, err := b.reader.Load(t.Context(), b.table(0), topic, 0, Screened(screening(&kept, errRecord))); !errors.Is(err, errRecord) {
		t.Errorf("Load: %v", err)
	}
}

// A record without a key is no row, screen or not.
func TestRecordsWithoutKeyAreNoRows(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	b.put(0, "", "1")
	if err := b.kafka.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte("2")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	b.load(0)
	b.check(0, map[string]string{"": "1"})
}
