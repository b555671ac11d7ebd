package changelog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// written is a record of the model's log. It was never compacted.
type written struct {
	key, value string // an empty value deletes
	epoch      int64
}

// fold is what a log means: its rows, its greatest epoch, and the keys whose last record does not count.
func fold(log []written) (rows map[string]string, greatest int64, stale []string) {
	rows = map[string]string{}
	counts := map[string]bool{}
	for _, w := range log {
		counts[w.key] = w.epoch == 0 || w.epoch >= greatest
		if !counts[w.key] {
			continue
		}
		greatest = max(greatest, w.epoch)
		if w.value == "" {
			delete(rows, w.key)
		} else {
			rows[w.key] = w.value
		}
	}
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		if !counts[key] {
			stale = append(stale, key)
		}
	}
	return rows, greatest, stale
}

// world is one random log, its model and some local tables that are read from it.
type world struct {
	t         *rapid.T
	b         *bundle
	partition int32
	tables    []*store.Table
	log       []written
	values    int
}

func (w *world) write(epoch int64, keys ...string) {
	var pairs []string
	for _, key := range keys {
		value := ""
		if rapid.IntRange(0, 3).Draw(w.t, "delete") > 0 {
			w.values++
			value = strconv.Itoa(w.values)
		}
		pairs = append(pairs, key, value)
		w.log = append(w.log, written{key, value, epoch})
	}
	w.b.putAs(w.partition, epoch, pairs...)
}

func (w *world) keys() []string {
	return rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}), 1, 4).Draw(w.t, "keys")
}

func (w *world) tp() kernel.TopicPartition {
	return kernel.TopicPartition{Topic: topic, Partition: w.partition}
}

func (w *world) table() *store.Table { return rapid.SampledFrom(w.tables).Draw(w.t, "table") }

// visible is the greatest epoch that the log still has a record of.
func (w *world) visible() (greatest int64) {
	for record, err := range w.b.reader.Read(context.Background(), w.tp(), 0, int64(len(w.log))) {
		if err != nil {
			w.t.Fatal(err)
		}
		greatest = max(greatest, record.Stamp.Epoch)
	}
	return greatest
}

// cut begins a load and ends it at some fetch, unless it is through before.
func (w *world) cut(opts ...LoadOption) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	left := rapid.IntRange(0, 6).Draw(w.t, "fetches")
	w.b.broker.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		w.b.broker.KeepControl()
		if req.(*kmsg.FetchRequest).MaxWaitMillis > 0 || isClosed(ctx.Done()) {
			return nil, nil, false // the replica's, or of a later load
		}
		if left--; left < 0 {
			cancel()
			return nil, errors.New("connection lost"), true
		}
		return nil, nil, false
	})
	_, err := w.b.reader.Load(ctx, w.table(), topic, w.partition, opts...)
	if err != nil && !errors.Is(err, context.Canceled) {
		w.t.Fatal(err)
	}
}

func (w *world) load(t *store.Table, opts ...LoadOption) Loaded {
	l, err := w.b.reader.Load(context.Background(), t, topic, w.partition, opts...)
	if err != nil {
		w.t.Fatal(err)
	}
	rows, greatest, _ := fold(w.log)
	if diff := cmp.Diff(rows, rowsOf(w.t, t)); diff != "" {
		w.t.Fatalf("rows of %s (-want +got):\n%s", t.Name(), diff)
	}
	if l.Offset != int64(len(w.log)) || l.Epoch > greatest || l.Progress.Next != l.Offset {
		w.t.Fatalf("loaded %+v of %d records with epochs up to %d", l, len(w.log), greatest)
	}
	return l
}

// takeOver loads as a new owner, which then writes what is stale anew, or crashes before it does.
func (w *world) takeOver() {
	t := w.table()
	l := w.load(t, AsOwner())
	_, greatest, want := fold(w.log)
	var got []string
	for _, key := range l.Stale.Keys {
		got = append(got, string(key))
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || l.Stale.All {
		w.t.Fatalf("stale keys of %s (-want +got):\n%s", t.Name(), diff)
	}
	if rapid.IntRange(0, 3).Draw(w.t, "crash") == 0 {
		return
	}
	for _, key := range l.Stale.Keys {
		value, _, err := t.Get(key)
		if err != nil {
			w.t.Fatal(err)
		}
		w.b.putAs(w.partition, greatest+1, string(key), string(value))
		w.log = append(w.log, written{string(key), string(value), greatest + 1})
	}
	p := l.Progress
	p.StaleFrom, p.StaleEpoch = 0, 0
	b := w.b.db.Batch()
	b.SetProgress(t, p)
	if err := b.Commit(); err != nil {
		w.t.Fatal(err)
	}
}

// TestReadersAgreeOnWhatCounts lets owners with ever greater epochs write a log, former ones write behind them, and compaction remove
// what is superseded, while tables are loaded, now and then only in part, and a replica follows. All must be what the model says.
func TestReadersAgreeOnWhatCounts(t *testing.T) {
	t.Parallel()
	const logs = 200
	b := setup(t, logs)
	b.reader.fetcher.loadBytes = 100 // a batch or two
	b.reader.poller.wait = 5 * time.Millisecond
	next := int32(0)
	rapid.Check(t, func(rt *rapid.T) {
		if next == logs {
			rt.Skip("no partition is left")
		}
		w := &world{t: rt, b: b, partition: next}
		next++
		for i := range 3 {
			tab, err := b.db.Table(fmt.Sprint(w.partition, "-", i))
			if err != nil {
				rt.Fatal(err)
			}
			w.tables = append(w.tables, tab)
		}
		settled := w.follow()
		epoch := int64(1)
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			switch rapid.IntRange(0, 9).Draw(rt, "step") {
			case 0:
				epoch++
			case 1:
				w.takeOver()
				_, greatest, _ := fold(w.log)
				epoch = max(epoch, greatest)
			case 2, 3:
				if greatest := w.visible(); greatest > 1 {
					w.write(rapid.Int64Range(1, greatest-1).Draw(rt, "former epoch"), w.keys()...)
				}
			case 4:
				w.write(0, w.keys()...)
			case 5:
				w.cut()
			case 6:
				w.load(w.table())
			case 7:
				// The broker of the test moves the start of a log that it compacts, under a reader that is behind.
				settled()
				if _, _, stale := fold(w.log); len(stale) == 0 {
					b.broker.Compact()
				}
			default:
				w.write(epoch, w.keys()...)
			}
		}
		settled()
		for _, t := range w.tables {
			w.load(t)
		}
		fresh, err := b.db.Table(fmt.Sprint(w.partition, "-fresh"))
		if err != nil {
			rt.Fatal(err)
		}
		w.load(fresh)
	})
}

// follow starts a replica, and returns how to check it.
func (w *world) follow() func() {
	tab := w.b.table(w.partition)
	p, err := w.b.reader.NewReplica(context.Background(), ReplicaConfig{Topic: topic, Partitions: []int32{w.partition}, Open: w.b.open})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		<-ended
	})
	return func() {
		within, done := context.WithTimeout(ctx, patience)
		defer done()
		if err := p.Settle(within); errors.Is(err, ErrStopped) {
			err = <-ended
			ended <- err
			w.t.Fatal(err)
		} else if err != nil {
			w.t.Fatal(err)
		}
		rows, _, _ := fold(w.log)
		if diff := cmp.Diff(rows, rowsOf(w.t, tab)); diff != "" {
			w.t.Fatalf("rows of the replica (-want +got):\n%s", diff)
		}
	}
}
