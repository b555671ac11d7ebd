package engine_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
)

// A failure keeps its type and names its record; nothing behind it is processed or marked, here as at each restart. With goka's own
// ctx.Fail the error is a text, and while a session ends the failed record is marked all the same.
func TestHandlerErrors(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]func() error{
		"error": func() error { return fmt.Errorf("wrapped: %w", errTest) },
		"panic": func() error { panic(errTest) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			p, _ := counter()
			inner := p.Inputs[0].Handle
			var behind atomic.Int64
			p.Inputs[0].Handle = func(ctx context.Context, t kernel.Task, m *kernel.Message) error {
				if m.Offset > 2 {
					behind.Add(1)
				}
				if err := inner(ctx, t, m); err != nil {
					return err
				}
				if string(m.Value) == "poison" {
					return fails()
				}
				return nil
			}
			b.topics(only(p), 1)
			b.produce(to("in", 0, "a", ""), to("in", 0, "b", ""), to("in", 0, "c", "poison"), to("in", 0, "d", ""))
			for range 2 {
				r := b.start(only(p))
				err := r.wait()
				var pe *engine.ProcessError
				if !errors.Is(err, errTest) || !errors.As(err, &pe) {
					t.Fatalf("the run ended with %v", err)
				}
				if pe.Processor != "counter" || pe.Topic != "in" || pe.Offset != 2 || string(pe.Key) != "c" {
					t.Errorf("the error names %+v", pe)
				}
				if name == "panic" && !strings.Contains(err.Error(), "failure_test.go") {
					t.Errorf("no stack in %v", err)
				}
			}
			if n := behind.Load(); n > 0 {
				t.Errorf("%d records behind the failed one were handled", n)
			}
			if at := b.committed("test-counter", "in", 0); at > 2 {
				t.Errorf("committed %d", at)
			}
			for _, row := range b.read("test-counter-table") {
				if string(row.Key) == "c" || string(row.Key) == "d" {
					t.Errorf("the changelog has a row of %q", row.Key)
				}
			}
		})
	}
}

// A handler that ends because its context is done has not processed its record, and has not failed, whatever it returns.
func TestFailureWhileStopping(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]error{"its own error": errTest, "the context's": context.Canceled} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			p, _ := counter()
			entered := make(chan struct{}, 1)
			p.Inputs[0].Handle = func(ctx context.Context, t kernel.Task, m *kernel.Message) error {
				if _, err := bump(t, m.Key); err != nil {
					return err
				}
				entered <- struct{}{}
				<-ctx.Done()
				return late
			}
			b.topics(only(p), 1)
			r := b.start(only(p)).started()
			b.produce(to("in", 0, "a", ""))
			await(t, entered)
			if err := r.stop(); err != nil {
				t.Errorf("the run ended with %v", err)
			}
			if at := b.committed("test-counter", "in", 0); at > 0 {
				t.Errorf("committed %d", at)
			}
			if rows := b.read("test-counter-table"); len(rows) > 0 {
				t.Errorf("the changelog has %v", sprint(rows))
			}
		})
	}
}

// A failing output must not delay the end: goka waits a minute for a promise that is never kept.
func TestStopIsQuick(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	b.topics(only(p), 8)
	r := b.start(only(p)).started()
	r.fail(func(sender.Record) error { return errTest })
	b.produce(keyed("in", 8, "a", ""), keyed("in", 8, "b", ""), keyed("in", 8, "c", ""))
	r.heldBack(t)
	start := time.Now()
	if err := r.wait(); !errors.Is(err, errTest) {
		t.Errorf("ended with %v", err)
	}
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("the end took %s", took)
	}
}

// A row whose key belongs elsewhere would be written where nobody looks for it: goka sends it there, and reads it here.
func TestRowsOfOtherPartitions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	p.Inputs[0].Handle = func(_ context.Context, t kernel.Task, m *kernel.Message) error {
		return t.Own().Set(m.Value, 1)
	}
	b.topics(only(p), 8)
	here, there := cluster.Partition([]byte("here"), 8), cluster.Partition([]byte("elsewhere"), 8)
	if here == there {
		t.Fatal("choose other keys")
	}
	b.produce(to("in", here, "here", "elsewhere"))
	err := b.start(only(p)).wait()
	for _, want := range []string{`"elsewhere"`, `"test-counter-table"`, fmt.Sprintf("partition %d", there), fmt.Sprintf("partition %d", here)} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
}

// A committed offset that the log does not have is an error. With sarama's default the processor would silently start over.
func TestCommittedOffsetOutOfRange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	b.topics(only(p), 1)
	b.produce(to("in", 0, "a", ""))
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: "in", Partition: 0, At: 1000, LeaderEpoch: -1})
	b.check(b.admin.CommitAllOffsets(b.ctx, "test-counter", offsets))
	err := b.start(only(p)).wait()
	var pe *engine.ProcessError
	if !errors.Is(err, engine.ErrOffsetLost) || !errors.As(err, &pe) || pe.Topic != "in" || pe.Partition != 0 {
		t.Errorf("ended with %v", err)
	}
	if got := b.read("out"); len(got) > 0 {
		t.Errorf("started over: %v", sprint(got))
	}
}

// Rows that cannot be encoded stop the processor with the record that wrote them.
func TestEncodeErrors(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	p.Own.Encode = func(any) ([]byte, error) { return nil, errTest }
	b.topics(only(p), 1)
	b.produce(to("in", 0, "a", ""))
	var pe *engine.ProcessError
	if err := b.start(only(p)).wait(); !errors.Is(err, errTest) || !errors.As(err, &pe) || pe.Topic != "in" || pe.Offset != 0 || string(pe.Key) != "a" {
		t.Errorf("ended with %v", err)
	}
}

// One partition whose handler is stuck holds up no other. With goka's default processing time they wait for seconds.
func TestStuckPartitionHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	release, handled := make(chan struct{}), make(chan int32, 10_000)
	p.Inputs[0].Handle = func(ctx context.Context, _ kernel.Task, m *kernel.Message) error {
		if m.Partition == 0 {
			select {
			case <-release:
			case <-ctx.Done():
			}
		}
		handled <- m.Partition
		return nil
	}
	b.topics(only(p), 2)
	r := b.start(only(p)).started()
	flood := make([]*kgo.Record, 3000) // more than all buffers between the broker and the handler hold
	for i := range flood {
		flood[i] = to("in", 0, "a", "")
	}
	b.produce(flood...)
	for range 20 { // the first ones may come with what is stuck
		start := time.Now()
		b.produce(to("in", 1, "b", ""))
		if at := await(t, handled); at != 1 {
			t.Fatalf("partition %d was handled", at)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Fatalf("the other partition waited %s", took)
		}
	}
	close(release)
	r.settle()
}

// A handler that ends its goroutine ends the run, with an error that names its record, and not just its partition.
func TestGoexit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	p.Inputs[0].Handle = func(context.Context, kernel.Task, *kernel.Message) error {
		runtime.Goexit()
		return nil
	}
	b.topics(only(p), 1)
	r := b.start(only(p)).started()
	b.produce(to("in", 0, "a", ""))
	pe, ok := errors.AsType[*engine.ProcessError](r.wait())
	if !ok || string(pe.Key) != "a" || !strings.Contains(pe.Error(), "Goexit") {
		t.Errorf("the run ended with %v", r.err)
	}
	if at := b.committed(p.Group, "in", 0); at > 0 {
		t.Errorf("committed %d", at)
	}
}
