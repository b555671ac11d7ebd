package topology_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// raw writes records of any bytes.
func raw(ctx context.Context, t *testing.T, brokers []string, records ...*kgo.Record) {
	t.Helper()
	kafka, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchMaxBytes(16<<20))
	if err != nil {
		t.Fatal(err)
	}
	defer kafka.Close()
	for _, r := range records { // one by one: together they would be too large
		if err := kafka.ProduceSync(ctx, r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// all returns the dead letters by the values of their records.
func all(ctx context.Context, t *testing.T, d *topology.DeadLetters) map[string]*topology.DeadLetterRecord {
	t.Helper()
	found := map[string]*topology.DeadLetterRecord{}
	for l, err := range d.All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if found[string(l.Value)] != nil {
			t.Errorf("%q is there twice", l.Value)
		}
		found[string(l.Value)] = l
	}
	return found
}

// Dead letters have all of their records, and are there until they are replayed or dropped.
func TestDeadLettersAreKeptUntilSettled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cfg := topology.Config{Brokers: topologytest.StartBroker(t), Partitions: 2}
	b := topology.NewBuilder("fragile")
	p := topology.AddProcessor(b, "sums", text, topology.OnError(topology.DeadLetter()))
	sums := topology.Persist(p, count)
	var mended atomic.Bool
	topology.Input(p, stream("in")).Handle(func(_ context.Context, r *topology.Record[string, int64]) error {
		if r.Key == "odd" && !mended.Load() {
			return errors.New("odd " + strings.Repeat("x", 1<<20))
		}
		if _, sent := r.Header("eddy-dlq-for"); sent {
			t.Error("a handler sees the framework's header")
		}
		sum, _, err := sums.Get(r)
		if err != nil {
			return err
		}
		return sums.Set(r, sum+r.Value)
	})
	app := topologytest.RunApp(t, mustBuild(t, b), cfg)
	for _, key := range []string{"odd", "even"} {
		if err := topology.Produce(ctx, app.Producer(), stream("in"), key, 7, topology.At(time.UnixMilli(5)), topology.WithHeader("eddy-like", []byte("kept"))); err != nil {
			t.Fatal(err)
		}
	}
	garbage := &kgo.Record{Topic: "in", Partition: 1, Value: []byte("garbage")}
	raw(ctx, t, cfg.Brokers, garbage, garbage, &kgo.Record{Topic: "in", Partition: 1, Key: []byte("huge"), Value: make([]byte, 6<<20)})
	if err := app.Settle(ctx); err != nil {
		t.Fatal(err)
	}

	d, err := topology.OpenDeadLetters("fragile", cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var odd, huge, other *topology.DeadLetterRecord
	n := 0
	for l, err := range d.All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		switch {
		case string(l.Key) == "odd":
			odd = l
		case string(l.Key) == "huge":
			huge = l
		default:
			other = l
		}
	}
	if n != 4 || odd == nil || huge == nil || other == nil {
		t.Fatalf("%d letters: %v, %v, %v", n, odd, huge, other)
	}
	if odd.Processor != "sums" || odd.Phase != topology.PhaseProcess || odd.Topic != "in" || !odd.Timestamp.Equal(time.UnixMilli(5)) ||
		len(odd.Headers) != 1 || odd.Headers[0].Key != "eddy-like" || len(odd.Error) > 4<<10 || !strings.HasPrefix(odd.Error, "odd xxx") {
		t.Errorf("odd: %.200v", odd)
	}
	if other.Key != nil || string(other.Value) != "garbage" || other.Phase != topology.PhaseDecode || other.Partition != 1 {
		t.Errorf("garbage: %v", other)
	}
	if huge.Cut < 6<<20 || len(huge.Value) > 64<<10 || !bytes.Equal(huge.Value, make([]byte, len(huge.Value))) {
		t.Errorf("huge: cut %d, %d bytes of the value", huge.Cut, len(huge.Value))
	}
	if err := d.Replay(ctx, huge); err == nil || !strings.Contains(err.Error(), "only the beginning") {
		t.Errorf("replay of what is not there: %v", err)
	}

	// Replayed while nothing was done about it, it fails again.
	for range 2 {
		if err := d.Replay(ctx, odd); err != nil {
			t.Fatal(err)
		}
		if err := app.Settle(ctx); err != nil {
			t.Fatal(err)
		}
		was := odd
		for l, err := range d.All(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			if string(l.Key) == "odd" {
				odd = l
			}
		}
		if odd.ID == was.ID || odd.Replayed != was.Replayed+1 || len(odd.Headers) != 1 {
			t.Fatalf("after a replay: %.200v", odd)
		}
	}
	mended.Store(true)
	if err := d.Replay(ctx, odd); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Get(ctx, odd.ID); !errors.Is(err, topology.ErrNoDeadLetter) {
		t.Errorf("Get of a replayed letter: %v", err)
	}
	if err := errors.Join(app.Settle(ctx), d.Drop(ctx, other), d.Purge(ctx)); err != nil {
		t.Fatal(err)
	}
	left := all(ctx, t, d)
	if len(left) != 2 || left["garbage"] == nil || left["garbage"].ID == other.ID {
		t.Errorf("left: %v", left)
	}
	for _, l := range left {
		if err := d.Drop(ctx, l); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Purge(ctx); err != nil {
		t.Fatal(err)
	}
	if left := all(ctx, t, d); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	var rows []string
	view(ctx, t, sums.Table(), cfg, func(v *topology.View[string, int64]) {
		for e, err := range v.All() {
			if err != nil || e.Value != 7 {
				t.Errorf("row %v, %v", e, err)
			}
			rows = append(rows, e.Key)
		}
	})
	if strings.Join(rows, " ") != "even odd" {
		t.Errorf("rows %v", rows)
	}
}

// view calls do with a view that has read its table to the end.
func view[K, V any](ctx context.Context, t *testing.T, table topology.Table[K, V], cfg topology.Config, do func(*topology.View[K, V])) {
	t.Helper()
	cfg.InMemory = true
	v, err := topology.OpenView(table, cfg)
	if err != nil {
		t.Fatal(err)
	}
	following := make(chan error, 1)
	go func() { following <- v.Run(ctx) }()
	if err := v.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	do(v)
	if err := errors.Join(v.Close(), <-following); err != nil {
		t.Fatal(err)
	}
}

// The policy that is said of a processor by name counts first, then what the processor says itself, then what is said of all.
func TestPoliciesOverrideEachOther(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		code    []topology.ProcessorOption
		general topology.Policies
		named   map[string]topology.Policies
		want    string
	}{
		"nothing":          {want: "stop"},
		"general":          {general: topology.EveryPhase(topology.Skip()), want: "skip"},
		"code":             {code: []topology.ProcessorOption{topology.OnError(topology.DeadLetter())}, general: topology.EveryPhase(topology.Skip()), want: "dead-letter"},
		"code, other":      {code: []topology.ProcessorOption{topology.OnError(topology.DeadLetter(), topology.PhaseWrite)}, general: topology.EveryPhase(topology.Skip()), want: "skip"},
		"code, that phase": {code: []topology.ProcessorOption{topology.OnError(topology.Stop()), topology.OnError(topology.Skip(), topology.PhaseDecode)}, want: "skip"},
		"named": {
			code:  []topology.ProcessorOption{topology.OnError(topology.DeadLetter())},
			named: map[string]topology.Policies{"p": {Decode: topology.Skip()}}, want: "skip",
		},
		"named stop": {
			code:  []topology.ProcessorOption{topology.OnError(topology.DeadLetter())},
			named: map[string]topology.Policies{"p": topology.EveryPhase(topology.Stop())}, want: "stop",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			b := topology.NewBuilder("policies")
			p := topology.AddProcessor(b, "p", text, test.code...)
			topology.Input(p, stream("in")).Handle(nothing)
			outcome := make(chan string, 1)
			cfg := topology.Config{
				Brokers: topologytest.StartBroker(t), InMemory: true, Partitions: 1, OnError: test.general, OnErrors: test.named,
				Observer: &topology.Observer{Failed: func(i topology.FailedInfo) { outcome <- i.Outcome }},
			}
			topo := mustBuild(t, b)
			if err := topology.CreateTopics(ctx, topo, cfg); err != nil {
				t.Fatal(err)
			}
			app, stop := startApp(t, topo, cfg)
			defer stop()
			select {
			case <-app.Ready():
			case <-ctx.Done():
				t.Fatal("not ready")
			}
			raw(ctx, t, cfg.Brokers, &kgo.Record{Topic: "in", Value: []byte("garbage")})
			select {
			case got := <-outcome:
				if got != test.want {
					t.Errorf("the record is to %s, not %s", got, test.want)
				}
			case <-ctx.Done():
				t.Fatal("nothing becomes of the record")
			}
		})
	}
}
