package topology_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// pair is a key of a user and a word.
type pair = codecs.Pair[string, string]

func word(user, word string) pair { return pair{First: user, Second: word} }

// listed spells the entries of an iteration.
func listed[K any](rows iter.Seq2[topology.Entry[K, int64], error]) string {
	var all []string
	for e, err := range rows {
		if err != nil {
			return err.Error()
		}
		all = append(all, fmt.Sprintf("%v %d", e.Key, e.Value))
	}
	return strings.Join(all, ", ")
}

// A store has keys of its own, which lie where their first part does. A view reads it as it reads any table, another processor looks it up,
// and a key of another partition is refused.
func TestStore(t *testing.T) {
	t.Parallel()
	words, questions, answers := topology.NewStream("words", text, text), topology.NewStream("questions", text, text), stream("answers")
	b := topology.NewBuilder("t")
	p := topology.AddProcessor(b, "p", text)
	total, seen := topology.Persist(p, count), topology.AddStore(p, "seen", codecs.PairOf(text, text), count)
	refused, lists := make(chan string, 10), make(chan string, 3)
	topology.Input(p, words).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
		all, _, err := total.Get(r)
		if err != nil {
			return err
		}
		n, _, err := seen.Get(r, word(r.Key, r.Value))
		if err != nil {
			return err
		}
		switch r.Value {
		case "forget":
			err = seen.Delete(r, word(r.Key, "x"))
		case "list":
			lists <- listed(seen.Prefix(r, word(r.Key, "")))
			lists <- listed(seen.Range(r, word(r.Key, "x"), word(r.Key, "xz")))
			lists <- listed(total.Range(r, r.Key, r.Key+"z"))
			return nil
		case "stray":
			for _, user := range []string{"a", "b", "c", "d", "e", "f"} { // in several partitions
				if err := seen.Set(r, word(user, "stray"), 1); err != nil {
					refused <- err.Error()
				}
			}
		default:
			err = seen.Set(r, word(r.Key, r.Value), n+1)
		}
		if err != nil {
			return err
		}
		return total.Set(r, all+1)
	})
	q := topology.AddProcessor(b, "q", text)
	known, answer := topology.Lookup(q, seen.Table()), topology.Output(q, answers)
	topology.Input(q, questions).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
		found, err := known.GetMany(r, []pair{word(r.Key, r.Value), word("nobody", ""), word(r.Key, r.Value)})
		if err != nil {
			return err
		}
		if found[1].OK || found[0] != found[2] {
			t.Errorf("found %v", found)
		}
		return answer.Emit(r, r.Key, found[0].Value)
	})
	cfg := topology.Config{Brokers: topologytest.StartBroker(t), InMemory: true, Partitions: 4}
	app := topologytest.RunApp(t, mustBuild(t, b), cfg)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, w := range []pair{word("a", "x"), word("a", "y"), word("a", "y"), word("b", "x"), word("a", "list"), word("a", "forget"), word("b", "stray")} {
		check(topology.Produce(ctx, app.Producer(), words, w.First, w.Second))
	}
	check(app.Settle(ctx))
	check(topology.Produce(ctx, app.Producer(), questions, "a", "y"))
	check(app.Settle(ctx))

	ends, err := topology.Ends(ctx, cfg, answers)
	check(err)
	check(topology.Read(ctx, cfg, answers, nil, ends, func(_ context.Context, r *topology.Record[string, int64]) error {
		if r.Value != 2 {
			t.Errorf("the lookup found %d", r.Value)
		}
		return nil
	}))
	for _, want := range []string{"{a x} 1, {a y} 2", "{a x} 1", "a 3"} {
		if got := <-lists; got != want {
			t.Errorf("listed %s, want %s", got, want)
		}
	}
	if n := len(refused); n == 0 || n == 6 {
		t.Errorf("%d of 6 rows were refused", n)
	}
	for range len(refused) {
		if text := <-refused; !strings.Contains(text, `table "t-p-seen-changelog"`) || !strings.Contains(text, "belongs to partition") {
			t.Errorf("a row was refused with %s", text)
		}
	}
	view, err := topology.OpenView(seen.Table(), cfg)
	check(err)
	ended := make(chan error, 1)
	go func() { ended <- view.Run(ctx) }()
	select {
	case <-view.Recovered():
	case <-ctx.Done():
		t.Fatal("the view does not recover")
	}
	got := map[pair]int64{}
	for e, err := range view.All() {
		check(err)
		if e.Key.Second != "stray" {
			got[e.Key] = e.Value
		}
	}
	if diff := cmp.Diff(map[pair]int64{word("a", "y"): 2, word("b", "x"): 1}, got); diff != "" {
		t.Errorf("the view (-want +got):\n%s", diff)
	}
	check(view.Close())
	check(<-ended)
}
