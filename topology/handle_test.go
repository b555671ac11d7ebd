package topology_test

import (
	"context"
	"errors"
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

// A handle of p that is used in q is an error that names both, whichever handle it is.
func TestHandleInTheWrongProcessor(t *testing.T) {
	t.Parallel()
	b := topology.NewBuilder("t")
	p := processor(b, "p", "other")
	state, joined := topology.Persist(p, count), topology.Join(p, table("joined"))
	lookup, out := topology.Lookup(p, table("looked-up")), topology.Output(p, stream("out"))
	store, timers := topology.AddStore(p, "more", text, count), topology.AddTimers(p, "timers", text, topology.StreamTime)
	timers.Handle(idle)
	loop := topology.Loop(p, count)
	loop.Handle(nothing)
	uses := map[string]func(r topology.Scope) error{
		"State.Get":         func(r topology.Scope) error { _, _, err := state.Get(r); return err },
		"State.GetAt":       func(r topology.Scope) error { _, _, err := state.GetAt(r, "k"); return err },
		"State.Set":         func(r topology.Scope) error { return state.Set(r, 1) },
		"State.SetAt":       func(r topology.Scope) error { return state.SetAt(r, "k", 1) },
		"State.Delete":      state.Delete,
		"State.DeleteAt":    func(r topology.Scope) error { return state.DeleteAt(r, "k") },
		"Store.Get":         func(r topology.Scope) error { _, _, err := store.Get(r, "k"); return err },
		"Store.Set":         func(r topology.Scope) error { return store.Set(r, "k", 1) },
		"Store.Delete":      func(r topology.Scope) error { return store.Delete(r, "k") },
		"Store.GetMany":     func(r topology.Scope) error { _, err := store.GetMany(r, []string{"k"}); return err },
		"State.GetMany":     func(r topology.Scope) error { _, err := state.GetMany(r, []string{"k"}); return err },
		"Joined.GetMany":    func(r topology.Scope) error { _, err := joined.GetMany(r, []string{"k"}); return err },
		"Reference.GetMany": func(r topology.Scope) error { _, err := lookup.GetMany(r, []string{"k"}); return err },
		"Store.All":         func(r topology.Scope) error { return firstError(store.All(r)) },
		"Store.Range":       func(r topology.Scope) error { return firstError(store.Range(r, "k", "l")) },
		"Store.Prefix":      func(r topology.Scope) error { return firstError(store.Prefix(r, "k")) },
		"State.All":         func(r topology.Scope) error { return firstError(state.All(r)) },
		"Timers.Set":        func(r topology.Scope) error { return timers.Set(r, "k", time.Time{}) },
		"Timers.Cancel":     func(r topology.Scope) error { return timers.Cancel(r, "k") },
		"Timers.Get":        func(r topology.Scope) error { _, _, err := timers.Get(r, "k"); return err },
		"Joined.Get":        func(r topology.Scope) error { _, _, err := joined.Get(r); return err },
		"Joined.GetAt":      func(r topology.Scope) error { _, _, err := joined.GetAt(r, "k"); return err },
		"Reference.Get":     func(r topology.Scope) error { _, _, err := lookup.Get(r, "k"); return err },
		"Sink.Emit":         func(r topology.Scope) error { return out.Emit(r, "k", 1) },
		"Sink.EmitDelete":   func(r topology.Scope) error { return out.EmitDelete(r, "k") },
		"Loopback.Send":     func(r topology.Scope) error { return loop.Send(r, "k", 1) },
	}
	in := stream("in")
	var kept *topology.Record[string, int64]
	errs := map[string]error{}
	topology.Input(topology.AddProcessor(b, "q", text), in).Handle(func(_ context.Context, r *topology.Record[string, int64]) error {
		kept = r
		for name, use := range uses {
			errs[name] = use(r)
		}
		return nil
	})
	d := topologytest.New(t, mustBuild(t, b))
	topologytest.Input(d, in).Send("k", 1)

	for name, use := range uses {
		err := errs[name]
		if !errors.Is(err, topology.ErrWrongProcessor) || !strings.Contains(err.Error(), `"p"`) || !strings.Contains(err.Error(), `"q"`) {
			t.Errorf("%s in another processor = %v", name, err)
		}
		for what, r := range map[string]topology.Scope{
			"a kept record": kept, "no record": nil, "a nil record": (*topology.Record[string, int64])(nil), "a made record": &topology.Record[string, int64]{},
		} {
			if err := use(r); !errors.Is(err, topology.ErrWrongProcessor) {
				t.Errorf("%s with %s = %v", name, what, err)
			}
		}
	}
	var undeclared topology.Sink[string, int64]
	if err := undeclared.Emit(kept, "k", 1); !errors.Is(err, topology.ErrWrongProcessor) {
		t.Errorf("Emit of the zero Sink = %v", err)
	}
}

// firstError is the error of an iteration's first entry.
func firstError(rows iter.Seq2[topology.Entry[string, int64], error]) error {
	for _, err := range rows {
		return err
	}
	return nil
}

func TestDecodeErrorsNameTheRecord(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, key, value, want string }{
		{"key", "short", "12345678", `cannot decode: key of record "in"[0]@1: `},
		{"value", "12345678", "short", `cannot decode: value of record "in"[0]@1: `},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := topology.NewBuilder("t")
			topology.From(topology.AddProcessor(b, "p", count), topology.NewStream("in", count, count)).To(topology.NewStream("out", count, count))
			d := topologytest.New(t, mustBuild(t, b), topologytest.Partitions(1))
			in := topologytest.Input(d, topology.NewStream("in", text, text))
			in.Send("12345678", "12345678")
			err := in.SendErr(test.key, test.value)
			var pe *topology.ProcessError
			if !errors.As(err, &pe) || !errors.Is(err, topology.ErrDecode) {
				t.Fatalf("Send = %v", err)
			}
			if pe.Processor != "p" || pe.Topic != "in" || pe.Offset != 1 || string(pe.Key) != test.key || !strings.HasPrefix(pe.Err.Error(), test.want) {
				t.Errorf("error is %v", err)
			}
			if again := in.SendErr("12345678", "12345678"); !errors.Is(again, err) {
				t.Errorf("the driver went on after an error: %v", again)
			}
		})
	}
}

// refusing is a codec that cannot encode.
type refusing struct{ codecs.Codec[string] }

var errRefused = errors.New("refused")

func (refusing) Encode(string) ([]byte, error) { return nil, errRefused }

func TestEncodeErrors(t *testing.T) {
	t.Parallel()
	bad := codecs.Codec[string](refusing{text})
	in := topology.NewStream("in", text, text)
	type record = topology.Record[string, string]
	for _, test := range []struct {
		name    string
		declare func(p *topology.Processor[string]) func(r *record) error
		want    []string
	}{
		{"key of an output", func(p *topology.Processor[string]) func(r *record) error {
			out := topology.Output(p, topology.NewStream("out", bad, text))
			return func(r *record) error { return out.Emit(r, "ada", "v") }
		}, []string{`"out"`, `"ada"`, "key"}},
		{"value of an output", func(p *topology.Processor[string]) func(r *record) error {
			out := topology.Output(p, topology.NewStream("out", text, bad))
			return func(r *record) error { return out.Emit(r, "ada", "v") }
		}, []string{`"out"`, `"ada"`, "value"}},
		{"tombstone", func(p *topology.Processor[string]) func(r *record) error {
			out := topology.Output(p, topology.NewStream("out", bad, text))
			return func(r *record) error { return out.EmitDelete(r, "ada") }
		}, []string{`"out"`, `"ada"`, "key"}},
		{"row", func(p *topology.Processor[string]) func(r *record) error {
			state := topology.Persist(p, bad)
			return func(r *record) error { return state.Set(r, "v") }
		}, []string{`"t-p-table"`, "row"}},
		{"key of a lookup", func(p *topology.Processor[string]) func(r *record) error {
			ref := topology.Lookup(p, topology.NewTable("rows", bad, text))
			return func(r *record) error { _, _, err := ref.Get(r, "ada"); return err }
		}, []string{`"rows"`, `"ada"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := topology.NewBuilder("t")
			p := topology.AddProcessor(b, "p", text)
			use := test.declare(p)
			topology.Input(p, in).Handle(func(_ context.Context, r *record) error { return use(r) })
			d := topologytest.New(t, mustBuild(t, b))
			err := topologytest.Input(d, in).SendErr("k", "v")
			if !errors.Is(err, topology.ErrEncode) || !errors.Is(err, errRefused) {
				t.Fatalf("Send = %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not name %s", err, want)
				}
			}
		})
	}
}

func TestRecordMetadata(t *testing.T) {
	t.Parallel()
	in, out := stream("in"), stream("out")
	b := topology.NewBuilder("t")
	p := topology.AddProcessor(b, "p", text)
	sink := topology.Output(p, out)
	late := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	topology.Input(p, in).Handle(func(_ context.Context, r *topology.Record[string, int64]) error {
		if r.Deleted {
			return sink.EmitDelete(r, r.Key, topology.At(late))
		}
		last, ok := r.Header("trace")
		return sink.Emit(r, fmt.Sprintf("%s %d@%d %s %t %d", r.Topic(), r.Partition(), r.Offset(), last, ok, len(r.Headers())), r.Value, topology.WithHeader("seen", []byte("yes")))
	})
	d := topologytest.New(t, mustBuild(t, b))
	feed, tap := topologytest.Input(d, in), topologytest.Output(d, out)
	when := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	feed.Send("a", 1, topology.At(when), topology.WithHeader("trace", []byte("1")), topology.WithHeader("trace", []byte("2")))
	feed.SendDelete("b")

	type sent = topologytest.Sent[string, int64]
	type entry = topologytest.Entry[string, int64]
	var got []sent
	for s, ok := tap.NextSent(); ok; s, ok = tap.NextSent() {
		got = append(got, s)
	}
	want := []sent{
		{Entry: entry{Key: "in 0@0 2 true 2", Value: 1}, Timestamp: when, Headers: []topology.Header{{Key: "seen", Value: []byte("yes")}}},
		{Entry: entry{Key: "b", Deleted: true}, Timestamp: late},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	made := &topology.Record[string, int64]{Key: "k"}
	if _, ok := made.Header("trace"); ok || made.Topic() != "" || made.Headers() != nil || made.Offset() != 0 {
		t.Error("a made record has metadata")
	}
}

// A value that is encoded as nothing is a value, not a tombstone.
func TestEmptyIsNotDeleted(t *testing.T) {
	t.Parallel()
	empty := codecs.Codec[string](nothingCodec{})
	in, out := topology.NewStream("in", text, empty), topology.NewStream("out", text, empty)
	b := topology.NewBuilder("t")
	p := topology.AddProcessor(b, "p", text)
	topology.From(p, in).To(out)
	d := topologytest.New(t, mustBuild(t, b))
	topologytest.Input(d, in).Send("k", "")
	if got := topologytest.Output(d, out).All(); len(got) != 1 || got[0].Deleted {
		t.Errorf("out = %v", got)
	}
}

type nothingCodec struct{}

func (nothingCodec) Encode(string) ([]byte, error) { return nil, nil }
func (nothingCodec) Decode([]byte) (string, error) { return "", nil }

// A processor whose inputs spell their keys otherwise reads its tables by its own spelling.
func TestKeysAreSpelledByTheirTable(t *testing.T) {
	t.Parallel()
	in := topology.NewStream("in", codecs.Codec[string](prefixed{text}), count)
	b := topology.NewBuilder("t")
	p := topology.AddProcessor(b, "p", text)
	state := topology.Persist(p, count)
	joined := topology.Join(p, topology.NewTable("rows", codecs.Codec[string](prefixed{text}), count))
	topology.Input(p, in).Handle(func(_ context.Context, r *topology.Record[string, int64]) error {
		n, ok, err := joined.Get(r)
		if err != nil || !ok {
			return fmt.Errorf("join: %t, %w", ok, err)
		}
		at, _, err := joined.GetAt(r, r.Key)
		if err != nil || at != n {
			return fmt.Errorf("GetAt = %d, Get = %d: %w", at, n, err)
		}
		return state.SetAt(r, r.Key, n+r.Value)
	})
	d := topologytest.New(t, mustBuild(t, b))
	topologytest.Seed(d, topology.NewTable("rows", codecs.Codec[string](prefixed{text}), count)).Send("k", 40)
	topologytest.Input(d, in).Send("k", 2)
	if n, _ := topologytest.Value(d, state.Table(), "k"); n != 42 {
		t.Errorf("k = %d, want 42", n)
	}
}

// prefixed spells a key with a prefix that does not decide its partition.
type prefixed struct{ codecs.Codec[string] }

func (p prefixed) Encode(key string) ([]byte, error) { return []byte("key-" + key), nil }
func (p prefixed) Decode(data []byte) (string, error) {
	return strings.TrimPrefix(string(data), "key-"), nil
}

func (p prefixed) HashPart(key []byte) []byte { return []byte(strings.TrimPrefix(string(key), "key-")) }
