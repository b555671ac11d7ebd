package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// asker reads its own table, a join, a lookup and a further store, and tells what it saw.
func asker(saw chan<- string) *kernel.Processor {
	return &kernel.Processor{
		Name: "asker", Group: "test-asker", Own: counts("test-asker-table"), Stores: []*kernel.Table{counts("test-asker-more-changelog")},
		Joins: []*kernel.Table{counts("joined")}, Lookups: []*kernel.Table{counts("looked-up")},
		Inputs: []*kernel.Input{{Topic: topic("in"), Handle: func(_ context.Context, t kernel.Task, m *kernel.Message) error {
			var all []any
			for _, table := range []kernel.Reader{t.Own(), t.Join(0), t.Lookup(0), t.Store(0)} {
				found, err := table.GetMany([][]byte{m.Key, absentFrom(t.Partition(), 4), m.Key})
				if err != nil {
					return err
				}
				row, _, err := table.Get(m.Key)
				if err != nil || found[0].Value != row || found[1].OK || found[2] != found[0] {
					return fmt.Errorf("found %v where %v is: %w", found, row, err)
				}
				all = append(all, row)
			}
			saw <- fmt.Sprint(all...)
			return nil
		}}},
	}
}

// absentFrom is a key that no row has, in a partition of n.
func absentFrom(partition, n int32) []byte {
	for i := 0; ; i++ {
		if key := []byte("nobody" + strconv.Itoa(i)); cluster.Partition(key, n) == partition {
			return key
		}
	}
}

// A processor answers nothing before its own table, its joins and its lookups are complete, whatever happens to the readers
// meanwhile. For goka a reader that ends early has recovered.
func TestRecoveryIsComplete(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const rows = 3000
	saw := make(chan string, rows)
	p := asker(saw)
	b.topics(only(p), 4)
	var records, inputs []*kgo.Record
	for i := range rows {
		key := "k" + strconv.Itoa(i)
		for j, table := range []string{"test-asker-table", "joined", "looked-up", "test-asker-more-changelog"} {
			records = append(records, keyed(table, 4, key, strconv.Itoa(i*(j+1))))
		}
		if i%50 == 0 {
			inputs = append(inputs, keyed("in", 4, key, ""))
		}
	}
	b.produce(records...)
	b.produce(inputs...)
	faults := b.cluster.Fault(
		kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "test-asker-table", Err: kerr.NotLeaderForPartition, Count: 3},
		kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "joined", Err: kerr.UnknownServerError, Count: 3},
		kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "looked-up", Err: kerr.KafkaStorageError, Count: 3},
		kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "test-asker-more-changelog", Err: kerr.NotLeaderForPartition, Count: 3},
	)
	var mu sync.Mutex
	loaded := map[string]int64{}
	r := b.start(only(p), func(o *engine.Options) {
		o.Observer.Recovered = func(l kernel.RecoveredInfo) {
			mu.Lock()
			defer mu.Unlock()
			loaded[l.Topic] += l.Records
		}
	}).started()
	r.settle()
	if faults.Hits() == 0 {
		t.Error("no fault hit")
	}
	for topic, n := range loaded {
		if n != rows {
			t.Errorf("%d rows of %q were loaded, of %d", n, topic, rows)
		}
	}
	if len(loaded) != 4 {
		t.Errorf("loaded %v", loaded)
	}
	want := map[string]bool{}
	for i := 0; i < rows; i += 50 {
		want[fmt.Sprint(i, i*2, i*3, i*4)] = true
	}
	for range inputs {
		if got := await(t, saw); !want[got] {
			t.Errorf("a handler saw %s", got)
		}
	}
}

// A joined and a looked-up table are followed while the processor runs, and a settle waits for them.
func TestTablesAreFollowed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	saw := make(chan string, 10)
	p := asker(saw)
	b.topics(only(p), 4)
	r := b.start(only(p)).started()
	for i := 1; i <= 20; i++ {
		b.produce(keyed("joined", 4, "a", strconv.Itoa(i)), keyed("looked-up", 4, "a", strconv.Itoa(-i)))
		r.settle()
		b.produce(keyed("in", 4, "a", ""))
		if got, want := await(t, saw), fmt.Sprint(nil, i, -i, nil); got != want {
			t.Fatalf("a handler saw %s, want %s", got, want)
		}
	}
}

// A local store past the end of its changelog is of another log, or of one that has lost rows: it is neither served, as by Goka, nor thrown
// away.
func TestStorePastItsChangelog(t *testing.T) {
	t.Parallel()
	b := setup(t)
	saw := make(chan string, 1)
	p := asker(saw)
	b.topics(only(p), 1)
	db := store.OpenMemory()
	defer db.Close()
	own, err := db.Table("test-asker/own/test-asker-table/0")
	b.check(err)
	old := db.Batch()
	old.Set(own, []byte("a"), []byte("1"))
	old.SetProgress(own, store.Progress{Next: 1000})
	b.check(old.Commit())
	b.produce(to("in", 0, "a", ""))
	if err := b.start(only(p), on(db)).wait(); !errors.Is(err, cluster.ErrStateMissing) || !strings.Contains(err.Error(), cluster.WayOut("asker")) {
		t.Errorf("ended with %v", err)
	}
	if n, err := own.Count(); n != 1 || err != nil {
		t.Errorf("%d rows are left, %v", n, err)
	}
}

// Starting needs none of goka's waits for topics, stopping none for open fetches and missed heartbeats.
func TestStartAndStopAreQuick(t *testing.T) {
	t.Parallel()
	b := setup(t)
	k := chain(3)
	for _, p := range k.Processors {
		p.Joins = []*kernel.Table{counts("joined")}
	}
	b.topics(k, 8)
	start := time.Now()
	r := b.start(k).started()
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("the start took %s", took)
	}
	r.settle()
	start = time.Now()
	b.check(r.stop())
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("the stop took %s", took)
	}
}

// A standby has the rows of partitions that are not its own, and takes over without reading the changelog again.
func TestStandby(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := twin()
	b.topics(only(p), 4)
	b.produce(func() (records []*kgo.Record) {
		for i := range 400 {
			records = append(records, keyed("in", 4, strconv.Itoa(i), ""))
		}
		return records
	}()...)
	assigned := make(chan int, 10)
	var mu sync.Mutex
	loads := map[int64]int{} // by records
	active := b.start(only(p), func(o *engine.Options) { o.Standby = true }).started()
	active.settle()
	db := store.OpenMemory()
	defer db.Close()
	spare := b.start(only(p), on(db), func(o *engine.Options) {
		o.Standby = true
		o.Observer.Assigned = func(i kernel.AssignedInfo) { assigned <- len(i.Partitions) }
		o.Observer.Recovered = func(l kernel.RecoveredInfo) {
			mu.Lock()
			defer mu.Unlock()
			loads[l.Records]++
		}
	}).started()
	if n := await(t, assigned); n != 2 {
		t.Errorf("the spare has %d partitions", n)
	}
	// The spare's store follows the partitions of the other.
	deadline := time.Now().Add(patience)
	for i := range 400 {
		key := strconv.Itoa(i)
		at := cluster.Partition([]byte(key), 4)
		for _, topic := range []string{"test-counter-table", twinTable} {
			table, err := db.Table(fmt.Sprintf("test-counter/own/%s/%d", topic, at))
			b.check(err)
			for ok := false; !ok; ok, err = table.Has([]byte(key)) {
				b.check(err)
				if time.Now().After(deadline) {
					t.Fatalf("the spare has no row %s of %s, partition %d", key, topic, at)
				}
			}
		}
	}
	b.check(active.stop())
	if n := await(t, assigned); n != 4 {
		t.Errorf("the spare took over %d partitions", n)
	}
	mu.Lock()
	defer mu.Unlock()
	if read := 400; loads[0] == 0 {
		t.Errorf("loads of %v, none of them empty; rows %d", loads, read)
	}
	b.check(spare.stop())
}
