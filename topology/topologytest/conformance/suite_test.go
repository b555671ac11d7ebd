package conformance_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
)

// pair is a key with the part before the slash deciding the partition.
type pair struct{ codecs.Codec[string] }

func (pair) HashPart(key []byte) []byte {
	part, _, _ := strings.Cut(string(key), "/")
	return []byte(part)
}

var (
	text  = codecs.String[string]()
	pairs = pair{text}
)

// stream and table make edges of text.
func stream(topic string) topology.Stream[string, string] {
	return topology.NewStream(topic, text, text)
}

func table(topic string) topology.Table[string, string] { return topology.NewTable(topic, text, text) }

// step is a record of a stream or table, sent from outside.
type step struct {
	edge    string // of the case's inputs or seeds
	key     string
	value   string
	deleted bool
	at      time.Time // of the record; zero: as it comes
}

// options are those with which a step is sent.
func (s step) options() (list []topology.EmitOption) {
	if !s.at.IsZero() {
		list = append(list, topology.At(s.at))
	}
	return list
}

// scenario is a topology and what is done with it. The same must come out of every way to run it.
type scenario struct {
	name  string
	build func(b *topology.Builder)
	// inputs are streams, seeds tables of others that steps write.
	inputs, seeds []string
	// tables and outputs are what is looked at in the end; byKey says that an output's order across keys is not promised.
	tables, outputs []string
	// packed are topics in whose logs a broker must have packs.
	packed []string
	// ordered says that each step settles before the next: for results that depend on the order across topics or partitions.
	ordered bool
	keys    map[string]codecs.Codec[string] // of edges whose keys are not text
	steps   []step
	// want are some of the rows, so that all ways being wrong in the same manner is noticed.
	want map[string]map[string]string
}

// outcome is the rows of the tables and the values that the outputs have for each key, in their order.
type outcome struct {
	Rows    map[string]map[string]string
	Outputs map[string]map[string][]string
}

func (s scenario) topology(t testing.TB) *topology.Topology {
	t.Helper()
	b := topology.NewBuilder("conform")
	s.build(b)
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return topo
}

func (s scenario) key(edge string) codecs.Codec[string] {
	if c := s.keys[edge]; c != nil {
		return c
	}
	return text
}

// plus is the number in v, or zero, plus n.
func plus(v string, n int) string {
	i, _ := strconv.Atoi(v)
	return strconv.Itoa(i + n)
}

// many is n records of a stream, over the given number of keys.
func many(edge string, n, keys int, value func(i int) string) []step {
	var steps []step
	for i := range n {
		steps = append(steps, step{edge: edge, key: fmt.Sprintf("k%d", i%keys), value: value(i)})
	}
	return steps
}

func scenarios() []scenario {
	return []scenario{
		{
			name: "count and emit", inputs: []string{"in"}, outputs: []string{"out"}, tables: []string{"conform-p-table"},
			build: func(b *topology.Builder) {
				p := topology.AddProcessor(b, "p", text)
				state, out := topology.Persist(p, text), topology.Output(p, stream("out"))
				topology.Input(p, stream("in")).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
					n, _, err := state.Get(r)
					if err != nil {
						return err
					}
					if err := state.Set(r, plus(n, 1)); err != nil {
						return err
					}
					return out.Emit(r, r.Key, plus(n, 1))
				})
			},
			steps: many("in", 200, 17, func(int) string { return "" }),
			want:  map[string]map[string]string{"conform-p-table": {"k0": "12", "k16": "11"}},
		},
		{
			name: "deletes", inputs: []string{"in"}, outputs: []string{"out"}, tables: []string{"conform-p-table"},
			build: func(b *topology.Builder) {
				p := topology.AddProcessor(b, "p", text)
				state, out := topology.Persist(p, text), topology.Output(p, stream("out"))
				topology.Input(p, stream("in")).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
					if r.Deleted {
						if err := state.Delete(r); err != nil {
							return err
						}
						return out.EmitDelete(r, r.Key)
					}
					if err := state.Set(r, r.Value); err != nil {
						return err
					}
					return out.Emit(r, r.Key, r.Value)
				})
			},
			steps: append(many("in", 30, 10, strconv.Itoa),
				step{edge: "in", key: "k3", deleted: true}, step{edge: "in", key: "k4", deleted: true}, step{edge: "in", key: "k4", value: "again"}, step{edge: "in", key: "k5"}),
			want: map[string]map[string]string{"conform-p-table": {"k2": "22", "k4": "again", "k5": ""}},
		},
		{
			name: "loop", inputs: []string{"in"}, outputs: []string{"out"}, tables: []string{"conform-p-table"},
			build: func(b *topology.Builder) {
				p := topology.AddProcessor(b, "p", text)
				state, out, loop := topology.Persist(p, text), topology.Output(p, stream("out")), topology.Loop(p, text)
				visit := func(_ context.Context, r *topology.Record[string, string]) error {
					n, _, err := state.Get(r)
					if err != nil {
						return err
					}
					if err := state.Set(r, plus(n, 1)); err != nil {
						return err
					}
					left, err := strconv.Atoi(r.Value)
					if err != nil {
						return err
					}
					if left == 0 {
						return out.Emit(r, r.Key, "end")
					}
					return loop.Send(r, r.Key+"x", strconv.Itoa(left-1))
				}
				loop.Handle(visit)
				topology.Input(p, stream("in")).Handle(visit)
			},
			steps: many("in", 40, 5, func(i int) string { return strconv.Itoa(i % 5) }),
			want:  map[string]map[string]string{"conform-p-table": {"k4": "8", "k4xxxx": "8", "k1x": "8"}},
		},
		{
			name: "join", inputs: []string{"in"}, seeds: []string{"names"}, outputs: []string{"out"}, ordered: true,
			build: func(b *topology.Builder) {
				p := topology.AddProcessor(b, "p", text)
				names, out := topology.Join(p, table("names")), topology.Output(p, stream("out"))
				topology.Input(p, stream("in")).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
					name, ok, err := names.Get(r)
					if err != nil {
						return err
					}
					return out.Emit(r, r.Key, fmt.Sprint(r.Value, " ", name, " ", ok))
				})
			},
			steps: []step{
				{edge: "in", key: "a", value: "1"},
				{edge: "names", key: "a", value: "Ada"},
				{edge: "in", key: "a", value: "2"},
				{edge: "in", key: "b", value: "3"},
				{edge: "names", key: "a", value: "Ada L"},
				{edge: "in", key: "a", value: "4"},
				{edge: "names", key: "a", deleted: true},
				{edge: "in", key: "a", value: "5"},
				{edge: "names", key: "b", value: ""},
				{edge: "in", key: "b", value: "6"},
			},
		},
		{
			name: "lookup", inputs: []string{"in"}, seeds: []string{"cities"}, outputs: []string{"out"}, ordered: true,
			build: func(b *topology.Builder) {
				p := topology.AddProcessor(b, "p", text)
				cities, out := topology.Lookup(p, table("cities")), topology.Output(p, stream("out"))
				topology.Input(p, stream("in")).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
					city, ok, err := cities.Get(r, r.Value)
					if err != nil {
						return err
					}
					return out.Emit(r, r.Key, fmt.Sprint(city, " ", ok))
				})
			},
			steps: []step{
				{edge: "in", key: "a", value: "LDN"},
				{edge: "cities", key: "LDN", value: "London"},
				{edge: "cities", key: "PAR", value: "Paris"},
				{edge: "in", key: "a", value: "LDN"},
				{edge: "in", key: "b", value: "PAR"},
				{edge: "cities", key: "PAR", deleted: true},
				{edge: "in", key: "b", value: "PAR"},
			},
		},
		{
			// The table of one processor is a join of a second and a lookup of a third, in one process.
			name: "tables of other processors", inputs: []string{"in", "ask"}, outputs: []string{"joined", "looked"}, tables: []string{"conform-owner-table"}, ordered: true,
			build: func(b *topology.Builder) {
				owner := topology.AddProcessor(b, "owner", text)
				state := topology.Persist(owner, text)
				topology.Input(owner, stream("in")).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
					return state.Set(r, r.Value)
				})
				joiner := topology.AddProcessor(b, "joiner", text)
				joined, out := topology.Join(joiner, state.Table()), topology.Output(joiner, stream("joined"))
				topology.Input(joiner, stream("ask")).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
					v, ok, err := joined.Get(r)
					if err != nil {
						return err
					}
					return out.Emit(r, r.Key, fmt.Sprint(v, " ", ok))
				})
				looker := topology.AddProcessor(b, "looker", text)
				looked, out2 := topology.Lookup(looker, state.Table()), topology.Output(looker, stream("looked"))
				topology.Input(looker, stream("ask")).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
					v, ok, err := looked.Get(r, r.Value)
					if err != nil {
						return err
					}
					return out2.Emit(r, r.Key, fmt.Sprint(v, " ", ok))
				})
			},
			steps: []step{
				{edge: "ask", key: "a", value: "b"},
				{edge: "in", key: "a", value: "1"},
				{edge: "ask", key: "a", value: "b"},
				{edge: "in", key: "b", value: "2"},
				{edge: "ask", key: "a", value: "b"},
				{edge: "in", key: "a", value: "3"},
				{edge: "ask", key: "b", value: "a"},
				{edge: "ask", key: "a", value: "a"},
			},
			want: map[string]map[string]string{"conform-owner-table": {"a": "3", "b": "2"}},
		},
		{
			name: "rekey and aggregate", inputs: []string{"words"}, outputs: []string{"by-word"}, tables: []string{"conform-counts-table", "conform-lengths-table"},
			build: func(b *topology.Builder) {
				p := topology.AddProcessor(b, "split", text)
				words := topology.FlatMap(topology.From(p, stream("words")), func(_ string, line string) []string { return strings.Fields(line) })
				topology.Rekey(words, stream("by-word"), func(_ string, w string) string { return w })
				q := topology.AddProcessor(b, "counts", text)
				topology.Aggregate(topology.From(q, stream("by-word")), text, func(n string, _ string) string { return plus(n, 1) })
				l := topology.AddProcessor(b, "lengths", text)
				long := topology.From(l, stream("by-word")).Filter(func(w string, _ string) bool { return len(w) > 2 })
				topology.Aggregate(long, text, func(n string, w string) string { return plus(n, len(w)) })
			},
			steps: many("words", 60, 7, func(i int) string { return []string{"to be or not to be", "that is", "the question"}[i%3] }),
			want: map[string]map[string]string{
				"conform-counts-table":  {"to": "40", "be": "40", "or": "20", "question": "20"},
				"conform-lengths-table": {"not": "60", "question": "160"},
			},
		},
		{
			name: "rows of one hash part", inputs: []string{"in"}, tables: []string{"conform-p-table"},
			keys: map[string]codecs.Codec[string]{"in": pairs, "conform-p-table": pairs},
			build: func(b *topology.Builder) {
				p := topology.AddProcessor(b, "p", pairs)
				state := topology.Persist(p, text)
				topology.Input(p, topology.NewStream("in", pairs, text)).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
					part, _, _ := strings.Cut(r.Key, "/")
					sum, _, err := state.GetAt(r, part+"/sum")
					if err != nil {
						return err
					}
					if err := state.SetAt(r, part+"/sum", plus(sum, 1)); err != nil {
						return err
					}
					if r.Value == "drop" {
						return state.DeleteAt(r, r.Key)
					}
					return state.Set(r, r.Value)
				})
			},
			steps: func() (steps []step) {
				for i := range 120 {
					value := strconv.Itoa(i)
					if i%5 == 0 {
						value = "drop"
					}
					steps = append(steps, step{edge: "in", key: fmt.Sprintf("p%d/%d", i%6, i%4), value: value})
				}
				return steps
			}(),
			want: map[string]map[string]string{"conform-p-table": {"p0/sum": "20", "p5/sum": "20"}},
		},
		{
			name: "outputs that come last", inputs: []string{"in"}, outputs: []string{"work", "done"},
			build: func(b *topology.Builder) {
				p := topology.AddProcessor(b, "p", text)
				done, work := topology.Output(p, stream("done"), topology.Last()), topology.Output(p, stream("work"))
				topology.Input(p, stream("in")).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
					if err := done.Emit(r, r.Key, r.Value); err != nil {
						return err
					}
					return work.Emit(r, r.Key, r.Value)
				})
			},
			steps: many("in", 50, 9, strconv.Itoa),
		},
		packedStreams(),
		storesAndTimers(),
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			want := inMemory(t, s)
			for table, rows := range s.want {
				for key, value := range rows {
					if got, ok := want.Rows[table][key]; !ok || got != value {
						t.Errorf("in memory: row %q of %q is %q, want %q", key, table, got, value)
					}
				}
			}
			for name, opts := range driven {
				if diff := cmp.Diff(want, inMemory(t, s, opts...)); diff != "" {
					t.Errorf("in memory, %s (-by default +so):\n%s", name, diff)
				}
			}
			for delivery, deliver := range deliveries {
				for name, how := range ways {
					t.Run(delivery+", "+name, func(t *testing.T) {
						t.Parallel()
						deliver(&how.cfg)
						if diff := cmp.Diff(want, onBroker(t, s, how)); diff != "" {
							t.Errorf("not as in memory (-memory +broker):\n%s", diff)
						}
					})
				}
			}
		})
	}
}
