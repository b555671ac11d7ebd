package engine_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/sender"
)

const timersTopic = "test-timed-timers-changelog"

// timed is a processor whose records tell it what to do with timers, in words: "set KEY SECOND", "cancel KEY", several of them with commas between.
// A timer that fires emits its key and second to "out"; what more it does is then's, if that is not nil.
func timed(clock kernel.Clock, then kernel.Handler) *kernel.Processor {
	out := &kernel.Output{Topic: topic("out")}
	return &kernel.Processor{
		Name: "timed", Group: "test-timed", Outputs: []*kernel.Output{out},
		Timers: []*kernel.Timers{{
			Table: &kernel.Table{Topic: kernel.Topic{Name: timersTopic, Table: true}}, Clock: clock,
			Handle: func(ctx context.Context, t kernel.Task, m *kernel.Message) error {
				if err := t.Emit(out, m.Key, fmt.Append(nil, m.Timestamp.Unix()), m.Timestamp, nil); err != nil || then == nil {
					return err
				}
				return then(ctx, t, m)
			},
		}},
		Inputs: []*kernel.Input{{Topic: topic("in"), Handle: func(_ context.Context, t kernel.Task, m *kernel.Message) error {
			return obey(t, string(m.Value))
		}}},
	}
}

func obey(t kernel.Task, words string) error {
	for order := range strings.SplitSeq(words, ",") {
		switch w := strings.Fields(order); {
		case len(w) == 3 && w[0] == "set":
			n, err := strconv.ParseInt(w[2], 10, 64)
			if err != nil {
				return err
			}
			if err := t.Timers(0).Set([]byte(w[1]), time.Unix(n, 0)); err != nil {
				return err
			}
		case len(w) == 2 && w[0] == "cancel":
			if err := t.Timers(0).Cancel([]byte(w[1])); err != nil {
				return err
			}
		}
	}
	return nil
}

// at is a record for partition 0 at a second of 1970.
func at(second int64, words string) *kgo.Record {
	r := to("in", 0, "k", words)
	r.Timestamp = time.Unix(second, 0)
	return r
}

// Timers by stream time fire when a record says that their time has come, before the next record, in the order of time and then of keys; a
// key has one, the last that was set.
func TestTimersFireInOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	again := func(_ context.Context, t kernel.Task, m *kernel.Message) error {
		if string(m.Key) == "again" && m.Timestamp.Unix() < 130 {
			return t.Timers(0).Set(m.Key, m.Timestamp.Add(10*time.Second))
		}
		return nil
	}
	k := only(timed(kernel.StreamTime, again))
	b.topics(k, 1)
	r := b.start(k).started()
	var got []string
	for _, step := range []struct {
		second int64
		words  string
		want   string
	}{
		{100, "set c 110, set a 110, set b 105", ""},
		{104, "", ""},
		{105, "", "b=105"},
		{103, "set late 101", "late=101"}, // it has passed
		{109, "set a 120, set moved 111, set moved 119, set gone 112", ""},
		{109, "cancel gone, cancel nobody", ""},
		{119, "", "c=110 moved=119"},
		{119, "set again 100", "again=100 again=110"}, // sets itself: and then to 120, which has not come
		{125, "", "a=120 again=120"},
		{4102444800, "", "again=130"}, // far in the future, and what follows from it
		{126, "set x 3000000000", "x=3000000000"},
	} {
		b.produce(at(step.second, step.words))
		r.settle()
		all := sprint(b.read("out"))
		if fired := strings.Join(all[len(got):], " "); fired != step.want {
			t.Errorf("at %d %q: fired %s, want %s", step.second, step.words, fired, step.want)
		}
		got = all
	}
	b.check(r.stop())
	if rows := fold(b.read(timersTopic)); len(rows) > 0 {
		t.Errorf("timers are left: %q", rows)
	}
}

// Many more timers than are kept in memory, set in no order, some of them before others that are known already.
func TestManyTimers(t *testing.T) {
	t.Parallel()
	const many = 4000
	b := setup(t)
	k := only(timed(kernel.StreamTime, nil))
	b.topics(k, 1)
	r := b.start(k).started()
	words := make([]string, many)
	for i := range many {
		words[i] = fmt.Sprintf("set k%d %d", i, 1000+i*7919%many)
	}
	for part := range slices.Chunk(words, 100) {
		b.produce(at(1, strings.Join(part, ",")))
	}
	r.settle()
	b.check(r.stop())
	r = b.start(k, func(o *engine.Options) { o.BatchRecords = 300 }).started() // from an empty store
	b.produce(at(1000+many/2, "set early 1001, set k17 1002"))
	b.produce(at(1, "set k18 1003"))
	b.produce(at(1000+many, ""))
	r.settle()
	b.check(r.stop())
	fired := b.read("out")
	if len(fired) < many || len(fired) > many+3 {
		t.Errorf("%d timers have fired of %d", len(fired), many)
	}
	seen := map[string]bool{}
	last := 0
	for _, f := range fired {
		if k := string(f.Key); k == "early" || k == "k17" || k == "k18" {
			continue
		}
		n, err := strconv.Atoi(string(f.Value))
		b.check(err)
		if n < last || seen[string(f.Key)] {
			t.Fatalf("%s fires at %d, behind %d", f.Key, n, last)
		}
		last, seen[string(f.Key)] = n, true
	}
	if len(seen) < many-2 {
		t.Errorf("%d timers have fired", len(seen))
	}
}

// Times that nobody means do no harm.
func TestTimesBeyondAll(t *testing.T) {
	t.Parallel()
	b := setup(t)
	done := make(chan error, 10)
	p := timed(kernel.StreamTime, nil)
	p.Inputs[0].Handle = func(_ context.Context, t kernel.Task, _ *kernel.Message) error {
		for i, far := range []time.Time{{}, time.Unix(-1<<62, 0), time.Unix(1<<62, 0), time.Date(1_000_000, 1, 1, 0, 0, 0, 0, time.UTC), kernel.MaxTime} {
			key := []byte{'0' + byte(i)}
			err := t.Timers(0).Set(key, far)
			if when, ok, getErr := t.Timers(0).Get(key); err == nil && (!ok || getErr != nil || when.After(kernel.MaxTime) || when.Unix() < 0) {
				err = fmt.Errorf("timer %s is at %s, %t, %w", key, when, ok, getErr)
			}
			done <- err
		}
		return nil
	}
	k := only(p)
	b.topics(k, 1)
	r := b.start(k).started()
	b.produce(at(100, ""))
	r.settle()
	for range 5 {
		b.check(await(t, done))
	}
	if got := sprint(b.read("out")); !slices.Equal(got, []string{"0=0", "1=0"}) {
		t.Errorf("fired are %v", got)
	}
	far := at(0, "")
	far.Timestamp = kernel.MaxTime
	b.produce(far)
	r.settle()
	b.check(r.stop())
	if got := len(b.read("out")); got != 7 {
		t.Errorf("%d have fired", got)
	}
}

// clock is a wall clock in the test's hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) tune(o *engine.Options) {
	o.Now = func() time.Time {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.now
	}
}

func (c *clock) set(second int64) {
	c.mu.Lock()
	c.now = time.Unix(second, 0)
	c.mu.Unlock()
}

// Timers by the wall clock fire by it, whatever the records say; what came due while nobody ran fires at the start.
func TestTimersByTheWallClock(t *testing.T) {
	t.Parallel()
	for _, delivery := range []engine.Delivery{engine.AtLeastOnce, engine.ExactlyOnce} {
		t.Run(delivery.String(), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			k := only(timed(kernel.WallClock, nil))
			b.topics(k, 1)
			c := &clock{}
			c.set(1000)
			deliver := func(o *engine.Options) { o.Delivery = delivery }
			r := b.start(k, c.tune, deliver).started()
			expect := func(want ...string) {
				t.Helper()
				r.settle()
				if got := sprint(b.committedRecords("out", 1)); !slices.Equal(got, want) {
					t.Errorf("fired are %v, want %v", got, want)
				}
			}
			b.produce(at(5000, "set a 1010, set b 1005, set c 1020, set d 999"))
			expect("d=999")
			c.set(1005)
			expect("d=999", "b=1005")
			b.check(r.stop())
			c.set(1015)
			r = b.start(k, c.tune, deliver).started() // from an empty store
			expect("d=999", "b=1005", "a=1010")
			c.set(900) // set back
			expect("d=999", "b=1005", "a=1010")
			c.set(1020)
			expect("d=999", "b=1005", "a=1010", "c=1020")
			at := b.committed("test-timed", "in", 0)
			b.check(r.stop())
			if rows := fold(b.committedRecords(timersTopic, 1)); len(rows) > 0 {
				t.Errorf("timers are left: %q", rows)
			}
			if now := b.committed("test-timed", "in", 0); now != 1 && at != 1 {
				t.Errorf("committed %d and %d: a firing moves no offset", at, now)
			}
		})
	}
}

// A timer that never lets time pass takes turns with records.
func TestWallClockTakesTurns(t *testing.T) {
	t.Parallel()
	b := setup(t)
	over := make(chan struct{})
	p := timed(kernel.WallClock, func(_ context.Context, t kernel.Task, m *kernel.Message) error {
		select {
		case <-over:
			return nil
		default:
			return t.Timers(0).Set(m.Key, m.Timestamp)
		}
	})
	handle := p.Inputs[0].Handle
	p.Inputs[0].Handle = func(ctx context.Context, t kernel.Task, m *kernel.Message) error {
		if string(m.Value) == "over" {
			close(over)
		}
		return handle(ctx, t, m)
	}
	k := only(p)
	b.topics(k, 1)
	r := b.start(k).started()
	b.produce(at(1, "set a 1"))
	b.produce(at(1, "over"))
	await(t, over)
	r.settle()
	b.check(r.stop())
}

// What a timer leads to, and its end, are in the logs in an order that a crash in between does not make wrong: first what handlers set and cancel,
// then rows, then the end of the timers that have fired.
func TestTimersAreSetFirstAndEndLast(t *testing.T) {
	t.Parallel()
	const table = "test-timed-table"
	stateful := func() *kernel.Processor {
		count := func(_ context.Context, t kernel.Task, _ *kernel.Message) error {
			_, err := bump(t, []byte("rows"))
			return err
		}
		p := timed(kernel.StreamTime, func(ctx context.Context, t kernel.Task, m *kernel.Message) error {
			if string(m.Key) == "again" {
				return errors.Join(t.Timers(0).Set(m.Key, m.Timestamp.Add(time.Hour)), count(ctx, t, m))
			}
			return count(ctx, t, m)
		})
		p.Own = counts(table)
		handle := p.Inputs[0].Handle
		p.Inputs[0].Handle = func(ctx context.Context, t kernel.Task, m *kernel.Message) error {
			return errors.Join(handle(ctx, t, m), count(ctx, t, m))
		}
		return p
	}
	for name, test := range map[string]struct {
		refused, before string
		second          int64
		then, want      string
	}{
		"a state without its timer":  {timersTopic, "", 10, "set a 50", "rows= timers=[]"},
		"a timer without a state":    {table, "", 10, "set a 50", "rows= timers=[a=50]"},
		"a timer that was moved":     {table, "set a 50", 10, "set a 60", "rows=1 timers=[a=60]"},
		"a timer that was cancelled": {table, "set a 50", 10, "cancel a", "rows=1 timers=[]"},
		"a timer that has fired":     {table, "set a 50", 100, "", "rows=1 timers=[a=50]"},
		"a timer that sets itself":   {table, "set again 50", 100, "", "rows=1 timers=[again=50,3650]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			k := only(stateful())
			b.topics(k, 1)
			r := b.start(k).started()
			if test.before != "" {
				b.produce(at(10, test.before))
				r.settle()
			}
			r.fail(func(s sender.Record) error {
				if s.Topic == test.refused {
					return errTest
				}
				return nil
			})
			b.produce(at(test.second, test.then))
			if err := r.wait(); !errors.Is(err, errTest) {
				t.Fatalf("the run ended with %v", err)
			}
			if got := fmt.Sprintf("rows=%s timers=%v", fold(b.read(table))["rows"], pending(fold(b.read(timersTopic)))); got != test.want {
				t.Errorf("the logs have %s, want %s", got, test.want)
			}
		})
	}
}

// pending spells the rows of timers: key=second, or several.
func pending(rows map[string]string) []string {
	list := []string{}
	for key, times := range rows {
		var seconds []string
		for ; len(times) >= 8; times = times[8:] {
			seconds = append(seconds, strconv.FormatUint(binary.BigEndian.Uint64([]byte(times[:8]))/1000, 10))
		}
		list = append(list, key+"="+strings.Join(seconds, ","))
	}
	slices.Sort(list)
	return list
}

// An error of a timer's handler names processor, timers, key and time, and nothing of it is kept.
func TestTimerErrors(t *testing.T) {
	t.Parallel()
	b := setup(t)
	k := only(timed(kernel.StreamTime, func(context.Context, kernel.Task, *kernel.Message) error { return errTest }))
	b.topics(k, 1)
	r := b.start(k).started()
	b.produce(at(10, "set a 50"), at(60, ""))
	err := r.wait()
	var pe *engine.ProcessError
	if !errors.As(err, &pe) || !errors.Is(err, errTest) {
		t.Fatalf("the run ended with %v", err)
	}
	if pe.Processor != "timed" || pe.Topic != timersTopic || pe.Partition != 0 || string(pe.Key) != "a" ||
		!strings.Contains(err.Error(), "timer of 1970-01-01T00:00:50Z") {
		t.Errorf("the error is %v", err)
	}
	if out := b.read("out"); len(out) > 0 {
		t.Errorf("emitted %v", sprint(out))
	}
}
