package topology_test

import (
	"context"
	"fmt"
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// All problems of a topology are reported at once.
func ExampleBuilder_Build() {
	b := topology.NewBuilder("shop")
	p := topology.AddProcessor(b, "totals", codecs.String[string]())
	topology.Loop(p, codecs.Int64())
	topology.Output(p, topology.NewStream("all totals", codecs.String[string](), codecs.Int64()))
	_, err := b.Build()
	fmt.Println(err)
	// Output:
	// invalid topology "shop": processor "totals": topic "shop-totals-loop" is a loop without a handler
	// invalid topology "shop": processor "totals": topic "all totals" of its output has the character ' '; letters, digits, '.', '_' and '-' are legal
	// invalid topology "shop": processor "totals" has a loop and no input: nothing can start it
}

// A tombstone reaches the handler with Deleted set: here it removes the row.
func ExampleInput() {
	logins := topology.NewStream("logins", codecs.String[string](), codecs.Int64())
	b := topology.NewBuilder("sessions")
	p := topology.AddProcessor(b, "last", codecs.String[string]())
	last := topology.Persist(p, codecs.Int64())
	topology.Input(p, logins).Handle(func(_ context.Context, r *topology.Record[string, int64]) error {
		if r.Deleted {
			return last.Delete(r)
		}
		return last.Set(r, r.Value)
	})
	d := drive(b)
	in := topologytest.Input(d, logins)
	in.Send("ada", 1)
	in.Send("bob", 2)
	in.SendDelete("ada")
	fmt.Println(topologytest.Rows(d, last.Table()))
	// Output: [{bob 2 false}]
}

// A loop walks a graph: each record may send more to its own processor, at other keys.
func ExampleLoop() {
	text := codecs.String[string]()
	starts := topology.NewStream("starts", text, text)
	b := topology.NewBuilder("graph")
	p := topology.AddProcessor(b, "reach", text)
	seen, next := topology.Persist(p, codecs.Int64()), topology.Loop(p, text)
	edges := map[string][]string{"a": {"b", "c"}, "b": {"c"}, "c": {"a"}} // a cycle
	visit := func(_ context.Context, r *topology.Record[string, string]) error {
		_, done, err := seen.Get(r)
		if err != nil || done {
			return err
		}
		for _, to := range edges[r.Key] {
			if err := next.Send(r, to, r.Value); err != nil {
				return err
			}
		}
		return seen.Set(r, 1)
	}
	next.Handle(visit)
	topology.Input(p, starts).Handle(visit)
	d := drive(b)
	topologytest.Input(d, starts).Send("b", "go")
	fmt.Println(topologytest.Rows(d, seen.Table()))
	// Output: [{a 1 false} {b 1 false} {c 1 false}]
}

// What an output says last is read only when all that was emitted beside it is in the log.
func ExampleLast() {
	text := codecs.String[string]()
	in, parts, whole := topology.NewStream("in", text, text), topology.NewStream("parts", text, text), topology.NewStream("whole", text, text)
	b := topology.NewBuilder("split")
	p := topology.AddProcessor(b, "split", text)
	done, part := topology.Output(p, whole, topology.Last()), topology.Output(p, parts)
	topology.Input(p, in).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
		if err := done.Emit(r, r.Key, "sent"); err != nil {
			return err
		}
		return part.Emit(r, r.Key, r.Value)
	})
	q := topology.AddProcessor(b, "reader", text)
	for _, s := range []topology.Stream[string, string]{whole, parts} {
		topology.Input(q, s).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
			fmt.Println(r.Topic(), r.Value)
			return nil
		})
	}
	topologytest.Input(drive(b), in).Send("k", "hello")
	// Output:
	// parts hello
	// whole sent
}

// An emitted record has the time of the record that it comes from, unless it is told otherwise.
func ExampleAt() {
	in := topology.NewStream("in", codecs.String[string](), codecs.Int64())
	out := topology.NewStream("out", codecs.String[string](), codecs.Int64())
	b := topology.NewBuilder("clock")
	p := topology.AddProcessor(b, "p", codecs.String[string]())
	sink := topology.Output(p, out)
	topology.Input(p, in).Handle(func(_ context.Context, r *topology.Record[string, int64]) error {
		if err := sink.Emit(r, r.Key, 1, topology.WithHeader("trace", []byte("42"))); err != nil {
			return err
		}
		return sink.Emit(r, r.Key, 2, topology.At(r.Timestamp().Add(time.Hour)))
	})
	d := drive(b)
	topologytest.Input(d, in).Send("k", 0, topology.At(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)))
	tap := topologytest.Output(d, out)
	for s, ok := tap.NextSent(); ok; s, ok = tap.NextSent() {
		fmt.Println(s.Timestamp.UTC().Format(time.TimeOnly), len(s.Headers))
	}
	// Output:
	// 12:00:00 1
	// 13:00:00 0
}

// Values of two streams, joined with a table; those without a row are dropped.
func ExampleJoinTable() {
	text := codecs.String[string]()
	web, app := topology.NewStream("web-orders", text, codecs.Int64()), topology.NewStream("app-orders", text, codecs.Int64())
	names, mails := topology.NewTable("names", text, text), topology.NewStream("mails", text, text)
	b := topology.NewBuilder("shop")
	p := topology.AddProcessor(b, "mailer", text)
	orders := topology.Merge(topology.From(p, web), topology.From(p, app)).Filter(func(_ string, price int64) bool { return price > 0 })
	topology.JoinTable(orders, names, func(price int64, name string) string {
		return fmt.Sprintf("dear %s, you owe %d", name, price)
	}).To(mails)
	d := drive(b)
	topologytest.Seed(d, names).Send("ada", "Ada")
	topologytest.Input(d, web).Send("ada", 3)
	topologytest.Input(d, app).Send("bob", 4)
	topologytest.Input(d, app).Send("ada", 5)
	for _, mail := range topologytest.Output(d, mails).All() {
		fmt.Println(mail.Value)
	}
	// Output:
	// dear Ada, you owe 3
	// dear Ada, you owe 5
}

// Each opens a flow to handlers, with all handles of the processor.
func ExampleFlow_Each() {
	text := codecs.String[string]()
	in := topology.NewStream("temperatures", text, codecs.Int64())
	b := topology.NewBuilder("weather")
	p := topology.AddProcessor(b, "highest", text)
	highest := topology.Persist(p, codecs.Int64())
	topology.From(p, in).Filter(func(_ string, v int64) bool { return v > -90 }).Each(
		func(_ context.Context, r *topology.Record[string, int64]) error {
			if old, ok, err := highest.Get(r); err != nil || ok && old >= r.Value {
				return err
			}
			return highest.Set(r, r.Value)
		})
	d := drive(b)
	for _, v := range []int64{-3, 12, -999, 7} {
		topologytest.Input(d, in).Send("oslo", v)
	}
	fmt.Println(topologytest.Rows(d, highest.Table()))
	// Output: [{oslo 12 false}]
}

// The description of a topology for a document.
func ExampleTopology_Mermaid() {
	text := codecs.String[string]()
	b := topology.NewBuilder("copy")
	topology.From(topology.AddProcessor(b, "copier", text), topology.NewStream("from", text, text)).
		To(topology.NewStream("to", text, text))
	topo, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(topo.Mermaid())
	// Output:
	// flowchart LR
	//   t0("from")
	//   t1("to")
	//   p0["copier"]:::processor
	//   t0 --> p0
	//   p0 --> t1
	//   classDef processor stroke-width:3px
}

// Keys may say which part of them decides their partition: these orders live where their customer lives.
func ExampleProcessor() {
	key := codecs.Codec[string](customerFirst{codecs.String[string]()})
	orders := topology.NewStream("orders", key, codecs.Int64())
	b := topology.NewBuilder("orders")
	p := topology.AddProcessor(b, "latest", key)
	state := topology.Persist(p, codecs.Int64())
	topology.Input(p, orders).Handle(func(_ context.Context, r *topology.Record[string, int64]) error {
		customer, _ := cut(r.Key)
		n, _, err := state.GetAt(r, customer) // another key of the same partition
		if err != nil {
			return err
		}
		return state.SetAt(r, customer, n+r.Value)
	})
	d := drive(b)
	topologytest.Input(d, orders).Send("ada/1", 3)
	topologytest.Input(d, orders).Send("ada/2", 4)
	fmt.Println(topologytest.Rows(d, state.Table()))
	// Output: [{ada 7 false}]
}
