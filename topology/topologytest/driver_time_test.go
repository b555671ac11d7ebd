package topologytest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// The wall clock of timers and punctuations is the driver's.
func TestWallClock(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]topologytest.DriverOption{
		"in order": nil, "interleaved": {topologytest.Interleave(7), topologytest.Batch(3)}, "exactly once": {topologytest.Delivery(topology.ExactlyOnce)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := topology.NewStream("calls", text, text)
			topo := build(t, func(b *topology.Builder) {
				p := topology.AddProcessor(b, "p", text)
				timers, sink := topology.AddTimers(p, "soon", text, topology.WallClock), topology.Output(p, calls)
				topology.Input(p, in).Handle(func(_ context.Context, r *record) error {
					return timers.Set(r, r.Key, r.Timestamp().Add(time.Duration(r.Value)*time.Minute))
				})
				timers.Handle(func(_ context.Context, at *topology.Timer[string]) error {
					return sink.Emit(at, at.Key, at.At.Format("timer 15:04:05"))
				})
				topology.Every(p, time.Hour, func(_ context.Context, at *topology.Punctuation) error {
					return sink.Emit(at, "every", at.Time.Format("15:04:05"))
				})
			})
			d := topologytest.New(t, topo, append(opts, topologytest.Partitions(1))...)
			feed, tap := topologytest.Input(d, in), topologytest.Output(d, calls)
			feed.Send("a", 10) // at midnight
			feed.Send("b", 20)
			var got []string
			for _, by := range []time.Duration{5 * time.Minute, 5 * time.Minute, 30 * time.Minute, time.Hour, time.Hour} {
				d.Advance(by)
				d.Restart() // timers are kept, and a punctuation begins anew
				d.Settle()
				for key, value, ok := tap.Next(); ok; key, value, ok = tap.Next() {
					got = append(got, key+" "+value)
				}
			}
			want := "a timer 00:10:00, b timer 00:20:01, every 01:40:02, every 02:40:02"
			if all := strings.Join(got, ", "); all != want {
				t.Errorf("got %s, want %s", all, want)
			}
		})
	}
}

// What fails is tried again, or passed over, as on a cluster; nobody waits.
func TestDriverObeysPolicies(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]topologytest.DriverOption{
		"in order": nil, "batches": {topologytest.Batch(7)}, "interleaved": {topologytest.Interleave(3), topologytest.Batch(5)},
		"exactly once": {topologytest.Delivery(topology.ExactlyOnce), topologytest.Interleave(4), topologytest.Batch(4)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tries := map[string]int{}
			topo := build(t, func(b *topology.Builder) {
				p := topology.AddProcessor(b, "p", text, topology.OnError(topology.Retry(2, time.Hour, topology.Skip())))
				state := topology.Persist(p, count)
				topology.Input(p, in).Handle(func(_ context.Context, r *record) error {
					n, _, err := state.Get(r)
					if err != nil {
						return err
					}
					if err := state.Set(r, n+r.Value); err != nil {
						return err
					}
					try := fmt.Sprint(r.Key, r.Offset())
					if tries[try]++; r.Value == 7 || r.Value%3 == 0 && tries[try] < 3 {
						return errors.New("not now")
					}
					return nil
				})
			})
			d := topologytest.New(t, topo, opts...)
			feed := topologytest.Input(d, in)
			want := map[string]int64{}
			for i := range int64(40) {
				key := string(rune('a' + i%3))
				feed.Queue(key, i%10)
				if i%10 != 7 {
					want[key] += i % 10
				}
			}
			d.Settle()
			for _, row := range topologytest.Rows(d, topology.NewTable("t-p-table", text, count)) {
				if row.Value != want[row.Key] {
					t.Errorf("%s is %d, want %d", row.Key, row.Value, want[row.Key])
				}
				delete(want, row.Key)
			}
			if len(want) > 0 {
				t.Errorf("missing are %v", want)
			}
		})
	}
}

// A timer that always sets itself again is an error, not a hang.
func TestEndlessTimer(t *testing.T) {
	t.Parallel()
	topo := build(t, func(b *topology.Builder) {
		p := topology.AddProcessor(b, "p", text)
		timers := topology.AddTimers(p, "again", text, topology.StreamTime)
		topology.Input(p, in).Handle(func(_ context.Context, r *record) error { return timers.Set(r, r.Key, r.Timestamp()) })
		timers.Handle(func(_ context.Context, at *topology.Timer[string]) error { return timers.Set(at, at.Key, at.At) })
	})
	d := topologytest.New(t, topo, topologytest.MaxBatches(100))
	if err := topologytest.Input(d, in).SendErr("a", 1); err == nil || !strings.Contains(err.Error(), `not at rest after 100 firings: processor "p" goes on`) {
		t.Errorf("settled with %v", err)
	}
}
