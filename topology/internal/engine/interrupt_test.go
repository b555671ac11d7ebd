package engine_test

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
)

// What one record emits is held until its batch is cut, so it has a bound: a handler that goes on for ever gets an error, and nothing of it
// gets out.
func TestEndlessOutput(t *testing.T) {
	t.Parallel()
	for name, packed := range map[string]bool{"plain": false, "packed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			p, out := counter()
			out.Topic.Packed = packed
			value := make([]byte, 100_000)
			p.Inputs[0].Handle = func(_ context.Context, t kernel.Task, m *kernel.Message) error {
				for {
					if err := t.Emit(out, m.Key, value, m.Timestamp, nil); err != nil {
						return err
					}
				}
			}
			b.topics(only(p), 1)
			r := b.start(only(p)).started()
			b.produce(to("in", 0, "a", ""))
			err := r.wait()
			if pe, ok := errors.AsType[*engine.ProcessError](err); !ok || !errors.Is(err, engine.ErrTooMuch) || string(pe.Key) != "a" {
				t.Fatalf("the run ended with %v", err)
			}
			if at := b.committed("test-counter", "in", 0); at > 0 {
				t.Errorf("committed %d", at)
			}
			if got := b.read("out"); len(got) > 0 {
				t.Errorf("%d records got out", len(got))
			}
		})
	}
}

// A handler may change what Get returned before it writes it. When it ends in between, the change must not reach the
// changelog by way of an earlier record of its batch, which wrote the same row.
func TestInterruptedChange(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]error{"interrupted": context.Canceled, "failed": errTest} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			p, _ := counter()
			p.Own.Encode = func(row any) ([]byte, error) { return []byte(strconv.Itoa(*row.(*int))), nil }
			p.Own.Decode = func(data []byte) (any, error) {
				n, err := strconv.Atoi(string(data))
				return &n, err
			}
			entered := make(chan struct{}, 1)
			p.Inputs[0].Handle = func(ctx context.Context, t kernel.Task, m *kernel.Message) error {
				row, ok, err := t.Own().Get(m.Key)
				if err != nil {
					return err
				}
				n := new(int)
				if ok {
					n = row.(*int)
				}
				*n++
				if string(m.Value) == "poison" {
					entered <- struct{}{}
					<-ctx.Done()
					return late
				}
				return t.Own().Set(m.Key, n)
			}
			b.topics(only(p), 1)
			r := b.start(only(p)).started()
			r.keep(func(r sender.Record) bool { return r.Topic == p.Own.Topic.Name })
			b.produce(to("in", 0, "a", ""))
			r.heldBack(t) // the first batch is on its way, so that the next record's stays open
			b.produce(to("in", 0, "a", ""), to("in", 0, "a", "poison"))
			await(t, entered)
			r.open()
			if err := r.stop(); err != nil {
				t.Errorf("the run ended with %v", err)
			}
			for _, row := range b.read(p.Own.Topic.Name) {
				if string(row.Value) == "3" {
					t.Errorf("the changelog has %v", sprint(b.read(p.Own.Topic.Name)))
				}
			}
			if at := b.committed("test-counter", "in", 0); at > 2 {
				t.Errorf("committed %d", at)
			}
		})
	}
}

// A member that has to leave its partitions refuses what handlers still ask of it, a little before their contexts are done. A handler that
// returns that is interrupted and has not failed: its record is processed when the partition is assigned again.
func TestInterruptedOutput(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, _ := counter()
	entered := make(chan struct{}, 1)
	var spin atomic.Bool
	counting := p.Inputs[0].Handle
	p.Inputs[0].Handle = func(ctx context.Context, task kernel.Task, m *kernel.Message) error {
		if spin.CompareAndSwap(true, false) {
			entered <- struct{}{}
			for {
				if _, _, err := task.Own().Get(m.Key); err != nil {
					return err
				}
			}
		}
		return counting(ctx, task, m)
	}
	b.topics(only(p), 1)
	r := b.start(only(p)).started()
	const rounds = 8
	for range rounds {
		spin.Store(true)
		b.produce(to("in", 0, "a", ""))
		await(t, entered)
		r.ExpireLeases()
		r.settle()
	}
	if got := fold(b.read("test-counter-table"))["a"]; got != strconv.Itoa(rounds) {
		t.Errorf("counted %s times of %d", got, rounds)
	}
	b.check(r.stop())
}
