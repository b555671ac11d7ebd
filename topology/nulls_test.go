package topology_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// foreign is a client of another make: it chooses partitions itself, and sends what it likes.
type foreign struct {
	t     *testing.T
	kafka *kgo.Client
}

func newForeign(t *testing.T, brokers []string) foreign {
	t.Helper()
	kafka, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	return foreign{t, kafka}
}

func (f foreign) send(records ...*kgo.Record) {
	f.t.Helper()
	if err := f.kafka.ProduceSync(f.t.Context(), records...).FirstErr(); err != nil {
		f.t.Fatal(err)
	}
}

func (f foreign) topic(name string, partitions int32, configs map[string]string) {
	f.t.Helper()
	pointers := map[string]*string{}
	for key, value := range configs {
		pointers[key] = &value
	}
	r, err := kadm.NewClient(f.kafka).CreateTopic(f.t.Context(), partitions, 1, pointers, name)
	if err := errors.Join(err, r.Err); err != nil {
		f.t.Fatal(err)
	}
}

// grow gives a topic more partitions.
func (f foreign) grow(topic string, to int) {
	f.t.Helper()
	r, err := kadm.NewClient(f.kafka).UpdatePartitions(f.t.Context(), to, topic)
	if err := errors.Join(err, r.Error()); err != nil {
		f.t.Fatal(err)
	}
}

// read reads a whole stream as lines.
func read[K, V any](t *testing.T, brokers []string, s topology.Stream[K, V], line func(r *topology.Record[K, V]) string) (lines []string) {
	t.Helper()
	cfg := topology.Config{Brokers: brokers}
	ends, err := topology.Ends(t.Context(), cfg, s)
	if err != nil {
		t.Fatal(err)
	}
	if err := topology.Read(t.Context(), cfg, s, nil, ends, func(_ context.Context, r *topology.Record[K, V]) error {
		lines = append(lines, line(r))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return lines
}

// settled runs an app until a minute has passed, and settles it.
func settled(t *testing.T, app *topology.App) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := app.Settle(ctx); err != nil {
		t.Fatal(err)
	}
}

// Records without a key pass nothing that goes by keys, are counted, and stop nobody, whichever partition they are in. Who wants them
// gets them, and an empty key is a key.
func TestRecordsWithoutAKey(t *testing.T) {
	t.Parallel()
	brokers := topologytest.StartBroker(t)
	in, copied, plain, keyed := topology.NewStream("in", text, text), topology.NewStream("copied", text, text), topology.NewStream("plain", text, text), topology.NewStream("keyed", text, text)
	names := topology.NewTable("names", text, text)
	b := topology.NewBuilder("nulls")
	p := topology.AddProcessor(b, "counter", text)
	sums := topology.Aggregate(topology.From(p, in), count, func(n int64, _ string) int64 { return n + 1 })
	q := topology.AddProcessor(b, "all", text)
	flow := topology.From(q, in, topology.NullKeys())
	flow.To(copied)
	topology.JoinTable(flow, names, func(v, name string) string { return name + v }).Each(func(context.Context, *topology.Record[string, string]) error {
		return errors.New("a record without a key was joined")
	})
	topology.Rekey(flow.Filter(func(key, _ string) bool { return key == "" }), keyed, func(_, v string) string { return v })
	r := topology.AddProcessor(b, "handler", text)
	seen, state := topology.Output(r, plain), topology.Persist(r, text)
	topology.Input(r, in).Handle(func(_ context.Context, rec *topology.Record[string, string]) error {
		_, found, err := state.Get(rec)
		if err != nil {
			return err
		}
		if err := state.Set(rec, rec.Value); errors.Is(err, topology.ErrNoKey) == rec.HasKey() {
			return fmt.Errorf("Set says %w", err)
		}
		return seen.Emit(rec, rec.Value, fmt.Sprintf("%t %s %t", rec.HasKey(), rec.Key, found))
	})
	var mu sync.Mutex
	skipped := map[string]int{}
	app := topologytest.RunApp(t, mustBuild(t, b), topology.Config{Brokers: brokers, Partitions: 3, Observer: &topology.Observer{
		Skipped: func(i topology.SkippedInfo) {
			mu.Lock()
			defer mu.Unlock()
			skipped[i.Processor]++
		},
	}})
	f := newForeign(t, brokers)
	f.send(&kgo.Record{Topic: "names", Partition: 0, Key: []byte{}, Value: []byte("nobody")})
	for partition := range int32(3) {
		f.send(&kgo.Record{Topic: "in", Partition: partition, Value: []byte("v")}, &kgo.Record{Topic: "in", Partition: partition, Value: []byte("w")})
	}
	settled(t, app)
	if err := topology.Produce(t.Context(), app.Producer(), in, "k", "x"); err != nil {
		t.Fatal(err)
	}
	settled(t, app)
	view, err := topology.OpenView(sums.Table(), topology.Config{Brokers: brokers, InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	defer view.Close()
	go func() { _ = view.Run(t.Context()) }()
	<-view.Recovered()
	rows := 0
	for range view.All() {
		rows++
	}
	mu.Lock()
	defer mu.Unlock()
	if rows != 1 || skipped["counter"] != 6 || skipped["all"] != 6 {
		t.Errorf("%d rows, %v skipped; want the row of k, and six records skipped by the aggregate and by the join", rows, skipped)
	}
	unkeyed := 0
	for _, line := range read(t, brokers, copied, func(r *topology.Record[string, string]) string { return strconv.FormatBool(r.HasKey()) }) {
		if line == "false" {
			unkeyed++
		}
	}
	if unkeyed != 6 {
		t.Errorf("%d of 6 records were copied without a key", unkeyed)
	}
	if got := read(t, brokers, keyed, func(r *topology.Record[string, string]) string { return r.Key }); len(got) != 6 {
		t.Errorf("of 6 records were given a key: %q", got)
	}
	for _, line := range read(t, brokers, plain, func(r *topology.Record[string, string]) string { return r.Key + " " + r.Value }) {
		if line != "v false  false" && line != "w false  false" && line != "x true k false" { //nolint:dupword // two verdicts
			t.Errorf("a handler saw %q", line)
		}
	}
}

// A flow copies a table's topic: deletes, what a filter drops, times and headers.
func TestFlowsCopyTables(t *testing.T) {
	t.Parallel()
	in, out, byValue := stream("in"), stream("out"), topology.NewStream("by-value", count, count)
	b := topology.NewBuilder("t")
	p := topology.AddProcessor(b, "p", text)
	flow := topology.From(p, in, topology.Deletes())
	kept := topology.Map(flow.Filter(func(_ string, v int64) bool { return v > 1 }), func(_ string, v int64) int64 { return v * 10 })
	kept.To(out)
	topology.Rekey(kept, byValue, func(_ string, v int64) int64 { return v })
	var deleted []bool
	flow.Each(func(_ context.Context, r *topology.Record[string, int64]) error {
		deleted = append(deleted, r.Deleted)
		return nil
	})
	d := topologytest.New(t, mustBuild(t, b))
	feed := topologytest.Input(d, in)
	trace := topology.WithHeader("trace", []byte("00-1"))
	feed.Send("a", 2, trace)
	feed.Send("a", 1)
	feed.Send("b", 3)
	feed.SendDelete("b", trace)
	type line struct {
		Key     string
		Value   int64
		Deleted bool
		Headers int
	}
	var got []line
	for tap := topologytest.Output(d, out); ; {
		e, ok := tap.NextSent()
		if !ok {
			break
		}
		got = append(got, line{e.Key, e.Value, e.Deleted, len(e.Headers)})
	}
	want := []line{{"a", 20, false, 1}, {"a", 0, true, 0}, {"b", 30, false, 0}, {"b", 0, true, 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("out (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]bool{false, false, false, true}, deleted); diff != "" {
		t.Errorf("Each saw deletes (-want +got):\n%s", diff)
	}
	if n := len(topologytest.Output(d, byValue).All()); n != 2 {
		t.Errorf("%d values were given other keys, want 2: a delete has none", n)
	}
}

// A record of any time is processed; one that cannot be sent is refused by name.
func TestTimesOfAnyCentury(t *testing.T) {
	t.Parallel()
	in, out := stream("in"), stream("out")
	b := topology.NewBuilder("t")
	topology.From(topology.AddProcessor(b, "p", text), in).To(out)
	brokers := topologytest.StartBroker(t)
	app := topologytest.RunApp(t, mustBuild(t, b), topology.Config{Brokers: brokers, Partitions: 1})
	year := func(y int) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }
	for _, y := range []int{2, 1600, 2300, 9999} {
		if err := topology.Produce(t.Context(), app.Producer(), in, "k", 0, topology.At(year(y))); !errors.Is(err, topology.ErrEncode) {
			t.Errorf("the year %d: %v", y, err)
		}
	}
	var want []string
	for _, y := range []int{1700, 1969, 2000, 2260} {
		want = append(want, year(y).Format(time.RFC3339))
		if err := topology.Produce(t.Context(), app.Producer(), in, "k", 0, topology.At(year(y))); err != nil {
			t.Error(err)
		}
	}
	settled(t, app)
	got := read(t, brokers, out, func(r *topology.Record[string, int64]) string { return r.Timestamp().UTC().Format(time.RFC3339) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
}
