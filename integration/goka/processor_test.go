package goka_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/lovoo/goka"
	"github.com/lovoo/goka/codec"
	"github.com/lovoo/goka/storage"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// keep has a processor keep what is sent last for each key, and returns the stream of that.
func keep(b *topology.Builder, name, input string) (topology.Stream[string, string], topology.Table[string, string]) {
	in := topology.NewStream(input, text, text)
	p := topology.AddProcessor(b, name, text)
	rows := topology.Persist(p, text)
	topology.Input(p, in).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
		if r.Deleted {
			return rows.Delete(r)
		}
		return rows.Set(r, r.Value)
	})
	return in, rows.Table()
}

// orNone is the value of a row.
func orNone(v any) string {
	if v == nil {
		return "none"
	}
	return v.(string)
}

// A processor of Goka gets an app's stream as its input, and joins and looks up tables of the app.
func TestGokaProcessorReadsStreamsAndTables(t *testing.T) {
	t.Parallel()
	for _, d := range deliveries {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			w := setup(t, d)
			b := topology.NewBuilder("bank")
			openings, owners := keep(b, "owners", "openings")
			quotes, rates := keep(b, "rates", "quotes")
			payments, statements := topology.NewStream("payments", text, text), topology.NewStream("statements", text, text)
			p := topology.AddProcessor(b, "payments", text)
			out := topology.Output(p, statements)
			topology.Input(p, payments).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
				return out.Emit(r, r.Key, r.Value)
			})
			app := topologytest.RunApp(t, build(t, b), w.cfg)

			want := map[string]string{}
			for i := range 12 {
				k := fmt.Sprint("account ", i)
				send(w, app, openings, k, fmt.Sprint("owner ", i))
				send(w, app, payments, k, strconv.Itoa(i))
				want[k] = fmt.Sprintf("%d of owner %d at 1.5, statement x", i, i)
			}
			send(w, app, quotes, "euro", "1.5")

			topics, err := w.topicManagers(w.cfg.Brokers)
			must(t, err)
			must(t, topics.EnsureStreamExists("audits", partitions))
			joined := make(chan struct{}, 100)
			w.runGoka(goka.DefineGroup("audit",
				goka.Input(goka.Stream(statements.Topic()), new(codec.String), func(ctx goka.Context, msg any) {
					count, _ := ctx.Value().(string)
					ctx.SetValue(count + "x")
					ctx.Emit("audits", ctx.Key(), fmt.Sprintf("%v of %s at %s, statement %sx", msg,
						orNone(ctx.Join(goka.Table(owners.Topic()))), orNone(ctx.Lookup(goka.Table(rates.Topic()), "euro")), count))
				}),
				goka.Persist(new(codec.String)),
				goka.Join(goka.Table(owners.Topic()), new(codec.String)),
				goka.Lookup(goka.Table(rates.Topic()), new(codec.String)),
				goka.Output("audits", new(codec.String)),
			), goka.WithUpdateCallback(func(ctx goka.UpdateContext, s storage.Storage, key string, value []byte) error {
				if string(ctx.Topic()) == owners.Topic() {
					defer func() { joined <- struct{}{} }()
				}
				return goka.DefaultUpdate(ctx, s, key, value)
			}))
			audits := w.follow("audits")
			audits.await(want)
			for range want {
				<-joined
			}

			// A change and a delete in the joined table, and then a record for each.
			send(w, app, openings, "account 3", "another owner")
			remove(w, app, openings, "account 5")
			for range 2 {
				select {
				case <-joined:
				case <-w.ctx().Done():
					t.Fatal("the join gets no change")
				}
			}
			send(w, app, payments, "account 3", "33", "account 5", "55")
			want["account 3"] = "33 of another owner at 1.5, statement xx"
			want["account 5"] = "55 of none at 1.5, statement xx"
			audits.await(want)
		})
	}
}

// An app has the output of a processor of Goka as its input, joins and looks up its group table, and a view of Eddy reads it.
func TestEddyReadsGokaProcessor(t *testing.T) {
	t.Parallel()
	for _, d := range deliveries {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			w := setup(t, d)
			topics, err := w.topicManagers(w.cfg.Brokers)
			must(t, err)
			must(t, topics.EnsureStreamExists("clicks", partitions))
			must(t, topics.EnsureStreamExists("moves", partitions))

			// Goka keeps the last click of each user, and forgets who leaves.
			w.runGoka(goka.DefineGroup("clicks",
				goka.Input("clicks", new(codec.String), func(ctx goka.Context, msg any) {
					if msg == "leave" {
						ctx.Delete()
					} else {
						ctx.SetValue(msg)
					}
					ctx.Emit("moves", ctx.Key(), msg)
				}),
				goka.Persist(new(codec.String)),
				goka.Output("moves", new(codec.String)),
			))
			last := topology.NewTable(string(goka.GroupTable("clicks")), text, text)
			clicks, err := goka.NewEmitter(w.cfg.Brokers, "clicks", new(codec.String), goka.WithEmitterLogger(silent),
				goka.WithEmitterHasher(topology.GokaHasher(text)))
			must(t, err)
			t.Cleanup(func() { must(t, clicks.Finish()) })
			rows, moved := w.follow(last.Topic()), w.follow("moves")
			table, moves := map[string]string{}, map[string]string{}
			// click has Goka process clicks, and waits until its table and its output have them.
			click := func(usersAndTargets ...string) {
				t.Helper()
				for i := 0; i < len(usersAndTargets); i += 2 {
					user, target := usersAndTargets[i], usersAndTargets[i+1]
					_, err := clicks.Emit(user, target)
					must(t, err)
					table[user], moves[user] = target, target
					if target == "leave" {
						delete(table, user)
					}
				}
				rows.await(table)
				moved.await(moves)
			}
			click("ada", "home", "bob", "news", "eve", "home", "eve", "leave")
			var users []string
			for i := range 20 {
				users = append(users, fmt.Sprint("user ", i), fmt.Sprint("page ", i))
			}
			click(users...)

			b := topology.NewBuilder("shop")
			p := topology.AddProcessor(b, "joins", text)
			join, joins := topology.Join(p, last), topology.Persist(p, text)
			topology.Input(p, topology.NewStream("moves", text, text)).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
				at, found, err := join.Get(r)
				if err != nil {
					return err
				}
				return joins.Set(r, fmt.Sprintf("%s: %s %t", r.Value, at, found))
			})
			questions := topology.NewStream("questions", text, text)
			q := topology.AddProcessor(b, "lookups", text)
			lookup, answers := topology.Lookup(q, last), topology.Persist(q, text)
			topology.Input(q, questions).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
				at, found, err := lookup.Get(r, r.Value)
				if err != nil {
					return err
				}
				return answers.Set(r, fmt.Sprintf("%s %t", at, found))
			})
			app := topologytest.RunApp(t, build(t, b), w.cfg)
			must(t, app.Settle(w.ctx()))
			answered, found := w.follow(answers.Table().Topic()), w.follow(joins.Table().Topic())
			wantJoins := map[string]string{"ada": "home: home true", "bob": "news: news true", "eve": "leave:  false"}
			for i := range 20 {
				wantJoins[fmt.Sprint("user ", i)] = fmt.Sprintf("page %d: page %d true", i, i)
			}
			found.await(wantJoins)
			send(w, app, questions, "1", "bob", "2", "eve", "3", "user 19")
			wantAnswers := map[string]string{"1": "news true", "2": " false", "3": "page 19 true"}
			answered.await(wantAnswers)

			// What changes in Goka's table is seen, in a view too.
			view, err := topology.OpenView(last, w.cfg)
			must(t, err)
			t.Cleanup(func() { must(t, view.Close()) })
			w.run("a view of Eddy", view.Run)
			click("bob", "leave", "eve", "shop")
			must(t, app.Settle(w.ctx())) // tables have applied it
			send(w, app, questions, "4", "bob", "5", "eve")
			wantAnswers["4"], wantAnswers["5"] = " false", "shop true"
			answered.await(wantAnswers)
			must(t, view.Settle(w.ctx()))
			for user, want := range map[string]string{"ada": "home", "bob": "", "eve": "shop", "user 7": "page 7"} {
				if at, ok, err := view.Get(user); at != want || ok != (want != "") || err != nil {
					t.Errorf("the view has %s at %q, %t, %v, want %q", user, at, ok, err, want)
				}
			}
		})
	}
}
