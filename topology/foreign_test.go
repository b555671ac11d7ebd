package topology_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// Rows that somebody else's partitioner placed are found by a view and by a lookup, wherever they are.
func TestRowsThatOthersPlaced(t *testing.T) {
	t.Parallel()
	const partitions, rows = 4, 16
	for name, opts := range map[string][]topology.TopicOption{"declared": {topology.ForeignPartitions()}, "not declared": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			brokers := topologytest.StartBroker(t)
			f := newForeign(t, brokers)
			f.topic("rows", partitions, map[string]string{"cleanup.policy": "compact"})
			for i := range rows {
				f.send(&kgo.Record{Topic: "rows", Partition: int32(i % partitions), Key: fmt.Append(nil, "r", i), Value: []byte("x")})
			}
			table := topology.NewTable("rows", text, text, opts...)
			in, out := topology.NewStream("in", text, text), topology.NewStream("out", text, text)
			b := topology.NewBuilder("t")
			p := topology.AddProcessor(b, "p", text)
			ref, sink := topology.Lookup(p, table), topology.Output(p, out)
			topology.Input(p, in).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
				_, ok, err := ref.Get(r, r.Key)
				if err != nil {
					return err
				}
				return sink.Emit(r, r.Key, strconv.FormatBool(ok))
			})
			app := topologytest.RunApp(t, mustBuild(t, b), topology.Config{Brokers: brokers, Partitions: 2})
			view, err := topology.OpenView(table, topology.Config{Brokers: brokers, InMemory: true})
			if err != nil {
				t.Fatal(err)
			}
			defer view.Close()
			go func() { _ = view.Run(t.Context()) }()
			<-view.Recovered()
			for i := range rows + 1 { // the last one is in none
				key := fmt.Sprint("r", i)
				if _, ok, err := view.Get(key); ok != (i < rows) || err != nil {
					t.Errorf("the view has %s: %t, %v", key, ok, err)
				}
				if err := topology.Produce(t.Context(), app.Producer(), in, key, ""); err != nil {
					t.Fatal(err)
				}
			}
			settled(t, app)
			found := 0
			for _, ok := range read(t, brokers, out, func(r *topology.Record[string, string]) string { return r.Value }) {
				if ok == "true" {
					found++
				}
			}
			if found != rows {
				t.Errorf("the lookup finds %d of %d rows", found, rows)
			}
		})
	}
}

// A record that lies in another partition than its key's is processed, with its rows where it lies; repartitioned, it has one row.
func TestRecordsThatOthersPlaced(t *testing.T) {
	t.Parallel()
	brokers := topologytest.StartBroker(t)
	f := newForeign(t, brokers)
	const partitions = 4
	f.topic("in", partitions, nil)
	in := topology.NewStream("in", codecs.JSON[string](), text, topology.ForeignPartitions())
	plain := topology.NewStream("plain", text, text)
	f.topic("plain", partitions, nil)
	b := topology.NewBuilder("t")
	counted := func(name string, from topology.Stream[string, string], opts ...topology.InputOption) topology.Table[string, int64] {
		p := topology.AddProcessor(b, name, text)
		return topology.Aggregate(topology.From(p, from, opts...), count, func(n int64, _ string) int64 { return n + 1 }).Table()
	}
	moved, local := counted("moved", in, topology.Repartition()), counted("local", plain)
	app := topologytest.RunApp(t, mustBuild(t, b), topology.Config{Brokers: brokers, Partitions: partitions})
	trace := []kgo.RecordHeader{{Key: "trace", Value: []byte("1")}}
	for p := range int32(partitions) {
		f.send(
			&kgo.Record{Topic: "in", Partition: p, Key: []byte(`"user"`), Value: []byte("v"), Headers: trace},
			&kgo.Record{Topic: "plain", Partition: p, Key: []byte("user"), Value: []byte("v")},
		)
	}
	settled(t, app)
	for table, want := range map[topology.Table[string, int64]][]int64{moved: {partitions}, local: {1, 1, 1, 1}} {
		view, err := topology.OpenView(table, topology.Config{Brokers: brokers, InMemory: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = view.Close() })
		go func() { _ = view.Run(t.Context()) }()
		<-view.Recovered()
		var got []int64
		for e, err := range view.All() {
			if err != nil || e.Key != "user" {
				t.Errorf("row %q, %v", e.Key, err)
			}
			got = append(got, e.Value)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("table %q has %v, want %v", table.Topic(), got, want)
		}
	}
}

// Rows of other partitions are neither read nor written in silence.
func TestRowsOfOtherKeys(t *testing.T) {
	t.Parallel()
	brokers := topologytest.StartBroker(t)
	in, out := topology.NewStream("in", text, text), topology.NewStream("out", text, text)
	joined := topology.NewTable("joined", text, count)
	b := topology.NewBuilder("t")
	p := topology.AddProcessor(b, "p", text)
	state, sink, join := topology.Persist(p, count), topology.Output(p, out), topology.Join(p, joined)
	topology.Input(p, in).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
		_, _, get := state.GetAt(r, r.Value)
		_, _, joins := join.GetAt(r, r.Value)
		set := state.SetAt(r, r.Value, 1)
		return sink.Emit(r, r.Value, fmt.Sprint(get != nil, joins != nil, set != nil))
	})
	app := topologytest.RunApp(t, mustBuild(t, b), topology.Config{Brokers: brokers, Partitions: 8})
	for i := range 16 {
		if err := topology.Produce(t.Context(), app.Producer(), in, "k0", fmt.Sprint("k", i)); err != nil {
			t.Fatal(err)
		}
	}
	settled(t, app)
	refused := 0
	for _, line := range read(t, brokers, out, func(r *topology.Record[string, string]) string { return r.Key + " " + r.Value }) {
		switch key, verdict, _ := strings.Cut(line, " "); {
		case verdict == "true true true": //nolint:dupword // three verdicts
			refused++
		case verdict != "false false false" || key == "": //nolint:dupword // three verdicts
			t.Errorf("%s", line)
		}
	}
	if refused == 0 || refused == 16 {
		t.Errorf("%d of 16 keys are another partition's", refused)
	}
}

// A producer follows a topic that gets more partitions: a key's records go where other clients put them.
func TestProducerFollowsGrowth(t *testing.T) {
	t.Parallel()
	brokers := topologytest.StartBroker(t)
	f := newForeign(t, brokers)
	f.topic("grows", 1, nil)
	s := stream("grows")
	p, err := topology.OpenProducer(topology.Config{Brokers: brokers})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	seen := make(chan struct{}, 1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	consumed := make(chan error, 1)
	go func() {
		consumed <- topology.Consume(ctx, topology.Config{Brokers: brokers}, s, func(_ context.Context, r *topology.Record[string, int64]) error {
			if r.Partition() > 0 {
				return errGrown
			}
			select {
			case seen <- struct{}{}:
			default:
			}
			return nil
		})
	}()
	send := func() {
		t.Helper()
		for i := range 10 {
			if err := topology.Produce(ctx, p, s, fmt.Sprint("k", i), 1); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	send()
	<-seen
	f.grow("grows", 3)
	for {
		send()
		select {
		case err := <-consumed:
			if !errors.Is(err, errGrown) {
				t.Errorf("Consume: %v", err)
			}
			return
		default:
		}
	}
}

// errGrown says that a record of a new partition came.
var errGrown = errors.New("a record of a new partition")

// A view whose table gets partitions ends with an error that says so: it would not have their rows.
func TestViewOfATableThatGrows(t *testing.T) {
	t.Parallel()
	w := setupWorld(t)
	w.set(map[string]int64{"a": 1})
	v := w.open(w.cfg)
	ended := make(chan error, 1)
	go func() { ended <- v.Run(w.ctx()) }()
	<-v.Recovered()
	newForeign(t, w.cfg.Brokers).grow("rows", 9)
	if err := <-ended; !errors.Is(err, topology.ErrTopicChanged) || !strings.Contains(err.Error(), `"rows"`) {
		t.Errorf("Run: %v", err)
	}
	if _, _, err := v.Get("a"); !errors.Is(err, topology.ErrClosed) {
		t.Errorf("Get: %v", err)
	}
}
