package topologytest_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

func TestErrorsStopTheDriver(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	topo := build(t, func(b *topology.Builder) {
		p := topology.AddProcessor(b, "p", text)
		state, sink := topology.Persist(p, count), topology.Output(p, out)
		topology.Input(p, in).Handle(func(_ context.Context, r *record) error {
			if err := errors.Join(state.Set(r, r.Value), sink.Emit(r, r.Key, r.Value)); err != nil {
				return err
			}
			switch r.Value {
			case 2:
				return boom
			case 3:
				panic("dropped it")
			}
			return nil
		})
	})
	table := topology.NewTable("t-p-table", text, count)
	for _, test := range []struct {
		value int64
		want  string
	}{{2, "boom"}, {3, "panic: dropped it"}} {
		d := topologytest.New(t, topo)
		feed := topologytest.Input(d, in)
		feed.Send("a", 1)
		err := feed.SendErr("b", test.value)
		var pe *topology.ProcessError
		if !errors.As(err, &pe) || pe.Processor != "p" || pe.Topic != "in" || pe.Offset != 1 || string(pe.Key) != "b" || !strings.HasPrefix(pe.Err.Error(), test.want) {
			t.Fatalf("Send = %v", err)
		}
		if test.value == 2 && !errors.Is(err, boom) {
			t.Error("the cause is lost")
		}
		if again := feed.SendErr("c", 1); !errors.Is(again, err) {
			t.Errorf("Send after an error = %v", again)
		}
		// The failed record left nothing.
		expect(t, "out", []entry{{Key: "a", Value: 1}}, topologytest.Output(d, out).All())
		expect(t, "table", []entry{{Key: "a", Value: 1}}, topologytest.Rows(d, table))
	}
}

// A handler that ends its goroutine ends the test, as FailNow of the test's own would, and nothing of its record is left.
func TestGoexitEndsTheTest(t *testing.T) {
	t.Parallel()
	var exits bool
	topo := build(t, func(b *topology.Builder) {
		p := topology.AddProcessor(b, "p", text)
		state := topology.Persist(p, count)
		topology.Input(p, in).Handle(func(_ context.Context, r *record) error {
			if err := state.Set(r, r.Value); err != nil || !exits {
				return err
			}
			runtime.Goexit()
			return nil
		})
	})
	for _, opts := range [][]topologytest.DriverOption{nil, {topologytest.Interleave(1), topologytest.Batch(3)}} {
		exits = false
		d := topologytest.New(t, topo, opts...)
		feed := topologytest.Input(d, in)
		feed.Send("a", 1)
		exits = true
		returned := false
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = feed.SendErr("b", 2)
			returned = true
		}()
		<-ended
		if returned {
			t.Error("Send returned")
		}
		err := d.SettleErr()
		var pe *topology.ProcessError
		if !errors.As(err, &pe) || string(pe.Key) != "b" || !strings.Contains(err.Error(), "Goexit") {
			t.Errorf("Settle = %v", err)
		}
		expect(t, "table", []entry{{Key: "a", Value: 1}}, topologytest.Rows(d, topology.NewTable("t-p-table", text, count)))
	}
}

// byFirst hashes the first letter only.
type byFirst struct{ codecs.Codec[string] }

func (byFirst) HashPart(key []byte) []byte { return key[:min(1, len(key))] }

// One partition hides rows of others; the driver does not.
func TestKeysOfOtherPartitions(t *testing.T) {
	t.Parallel()
	key := codecs.Codec[string](byFirst{text})
	source := topology.NewStream("in", key, text)
	rows := topology.NewTable("rows", key, count)
	use := func(t *testing.T, do func(r *topology.Record[string, string], s topology.State[string, int64], j topology.Joined[string, int64]) error, to string) error {
		topo := build(t, func(b *topology.Builder) {
			p := topology.AddProcessor(b, "p", key)
			state, joined := topology.Persist(p, count), topology.Join(p, rows)
			topology.Input(p, source).Handle(func(_ context.Context, r *topology.Record[string, string]) error { return do(r, state, joined) })
		})
		return topologytest.Input(topologytest.New(t, topo), source).SendErr("a1", to)
	}
	type rec = topology.Record[string, string]
	type state = topology.State[string, int64]
	type joined = topology.Joined[string, int64]
	for name, do := range map[string]func(*rec, state, joined) error{
		"Set":    func(r *rec, s state, _ joined) error { return s.SetAt(r, r.Value, 1) },
		"Delete": func(r *rec, s state, _ joined) error { return s.DeleteAt(r, r.Value) },
		"Get":    func(r *rec, s state, _ joined) error { _, _, err := s.GetAt(r, r.Value); return err },
		"Join":   func(r *rec, _ state, j joined) error { _, _, err := j.GetAt(r, r.Value); return err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := use(t, do, "a2"); err != nil {
				t.Errorf("a key of the same partition: %v", err)
			}
			if err := use(t, do, "b1"); err == nil || !strings.Contains(err.Error(), `key "b1"`) || !strings.Contains(err.Error(), "another partition") {
				t.Errorf("a key of another partition: %v", err)
			}
		})
	}
}
