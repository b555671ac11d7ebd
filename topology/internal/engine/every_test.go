package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// ticker is a processor of nothing but a punctuation every ten seconds, and its record handler does nothing.
func ticker(then func(t kernel.Task, now time.Time, out *kernel.Output) error) *kernel.Processor {
	out := &kernel.Output{Topic: topic("out")}
	return &kernel.Processor{
		Name: "ticker", Group: "test-ticker", Outputs: []*kernel.Output{out}, Own: counts("test-ticker-table"),
		Every: []*kernel.Punctuation{{Interval: 10 * time.Second, Handle: func(_ context.Context, t kernel.Task, m *kernel.Message) error {
			return then(t, m.Timestamp, out)
		}}},
		Inputs: []*kernel.Input{{Topic: topic("in"), Handle: func(context.Context, kernel.Task, *kernel.Message) error { return nil }}},
	}
}

// A punctuation comes at its interval on the wall clock, at every partition; those that were missed are one. Nothing is committed where it has
// done nothing.
func TestEvery(t *testing.T) {
	t.Parallel()
	for _, delivery := range []engine.Delivery{engine.AtLeastOnce, engine.ExactlyOnce} {
		t.Run(delivery.String(), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			k := only(ticker(func(t kernel.Task, now time.Time, out *kernel.Output) error {
				if now.Unix() >= 1100 {
					return nil
				}
				key := fmt.Append(nil, "p", t.Partition())
				if t.Partition() != 0 { // keys belong to partitions, and this one has none of its own
					return t.Emit(out, []byte("other"), fmt.Append(nil, now.Unix()), now, nil)
				}
				return t.Emit(out, key, fmt.Append(nil, now.Unix()), now, nil)
			}))
			b.topics(k, 2)
			c := &clock{}
			c.set(1000)
			commits := make(chan kernel.CommittedInfo, 100)
			r := b.start(k, c.tune, func(o *engine.Options) {
				o.Delivery = delivery
				o.Observer.Committed = func(i kernel.CommittedInfo) { commits <- i }
			}).started()
			expect := func(want ...string) {
				t.Helper()
				r.settle()
				got := sprint(b.committedRecords("out", 2))
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("calls are %v, want %v", got, want)
				}
			}
			expect()
			c.set(1009)
			expect()
			c.set(1010)
			expect("other=1010", "p0=1010")
			c.set(1045) // missed: 1020, 1030
			expect("other=1010", "other=1045", "p0=1010", "p0=1045")
			c.set(1050)
			expect("other=1010", "other=1045", "other=1050", "p0=1010", "p0=1045", "p0=1050")
			before := len(commits)
			c.set(1100)
			r.settle()
			if n := len(commits); n != before || before != 6 {
				t.Errorf("%d commits, %d of them of calls that did something", n, before)
			}
			if info := <-commits; info.Firings != 1 || info.Records != 0 || info.Outputs != 1 {
				t.Errorf("a commit is %+v", info)
			}
			b.check(r.stop())
		})
	}
}

// An error of a punctuation names the processor and the interval.
func TestEveryErrors(t *testing.T) {
	t.Parallel()
	b := setup(t)
	k := only(ticker(func(kernel.Task, time.Time, *kernel.Output) error { return errTest }))
	b.topics(k, 1)
	c := &clock{}
	c.set(1000)
	r := b.start(k, c.tune).started()
	c.set(1010)
	r.Wake()
	if err := r.wait(); !errors.Is(err, errTest) || !strings.Contains(err.Error(), `processor "ticker": punctuation every 10s`) {
		t.Errorf("the run ended with %v", err)
	}
}

// By the machine's clock it comes without being woken.
func TestEveryComesByItself(t *testing.T) {
	t.Parallel()
	b := setup(t)
	called := make(chan struct{}, 100)
	p := ticker(func(kernel.Task, time.Time, *kernel.Output) error {
		called <- struct{}{}
		return nil
	})
	p.Every[0].Interval = 10 * time.Millisecond
	b.topics(only(p), 1)
	r := b.start(only(p)).started()
	for range 3 {
		await(t, called)
	}
	b.check(r.stop())
}
