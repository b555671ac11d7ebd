package engine_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eddystream/eddy/topology/internal/cache"
	"github.com/eddystream/eddy/topology/internal/deadletter"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// flaky has a handler fail, when it has done everything: the first time that it sees a message or timer, now and then, and those that are
// poison whenever it sees them.
type flaky struct {
	mu    sync.Mutex
	rng   *rand.Rand
	known map[string]bool
}

func (f *flaky) handler(inner kernel.Handler) kernel.Handler {
	return func(ctx context.Context, t kernel.Task, m *kernel.Message) error {
		if err := inner(ctx, t, m); err != nil {
			return err
		}
		f.mu.Lock()
		name := fmt.Sprint(m.Topic, m.Offset, m.Index, string(m.Key), m.Timestamp)
		fails := !f.known[name] && f.rng.IntN(4) == 0
		f.known[name] = f.known[name] || fails
		how := f.rng.IntN(3)
		f.mu.Unlock()
		if fails || poison(m.Timestamp.Unix()) {
			return fail(how)
		}
		return nil
	}
}

// fail fails in one of three ways.
func fail(how int) error {
	switch how {
	case 0:
		panic(errTest)
	case 1:
		runtime.Goexit()
	}
	return errTest
}

func poison(second int64) bool { return second%11 == 0 }

// Handlers of records and of timers that fail leave nothing behind: what they have set, cancelled, written and sent. Tried again, or passed over, all
// comes out as in a model that knows of no failures, whatever is in one batch or one pack; and each firing that was given up is among the dead letters.
func TestFailingTimersAreUndone(t *testing.T) {
	t.Parallel()
	for _, delivery := range []engine.Delivery{engine.AtLeastOnce, engine.ExactlyOnce} {
		t.Run(delivery.String(), func(t *testing.T) {
			t.Parallel()
			for i := range 6 {
				failingTimers(t, delivery, i%2 == 0)
			}
		})
	}
}

func failingTimers(t *testing.T, delivery engine.Delivery, inPacks bool) {
	const records = 250
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 0))
	model := &timerModel{timers: map[string]int64{}, fired: map[string]int{}, poison: poison}
	for i := range 8 {
		model.keys = append(model.keys, strconv.Itoa(i))
	}
	p := modelled(model)
	f := &flaky{rng: rng, known: map[string]bool{}}
	p.Timers[0].Handle = f.handler(p.Timers[0].Handle)
	p.Inputs[0].Handle = f.handler(p.Inputs[0].Handle)
	policy := kernel.EveryPhase(kernel.Policy{Retries: 1, Backoff: time.Microsecond, Then: kernel.ActionDeadLetter})
	p.OnError = policy
	k := only(p)
	k.DeadLetters = &kernel.Topic{Name: "letters", Retention: -1, MaxBytes: deadletter.MaxBytes}
	b := setup(t)
	b.topics(k, 1)

	var entries []entry
	for i := range records {
		second, key := int64(1000+i-rng.IntN(20)), model.keys[rng.IntN(len(model.keys))]
		order := model.draw(rng, second, key)
		entries = append(entries, entry{key, order, second})
		switch {
		case !inPacks:
			r := at(second, order)
			r.Key = []byte(key)
			b.produce(r)
			entries = nil
		case rng.IntN(3) == 0 || i == records-1:
			b.produce(packed(t, 0, entries))
			entries = nil
		}
	}
	most := 1 + rng.IntN(30)
	if inPacks {
		most = 10_000 // in the middle of a pack, timers that do not fit into the batch fire behind the rest of it
	}
	r := b.start(k, func(o *engine.Options) {
		o.Delivery, o.BatchRecords, o.Memory.Rows = delivery, most, cache.NewBudget(4000)
	}).started()
	r.settle()
	b.check(r.stop())

	var emitted []string
	for _, r := range b.committedRecords("out", 1) {
		emitted = append(emitted, fmt.Sprintf("%s=%s", r.Key, r.Value))
	}
	if diff := cmp.Diff(model.events, emitted); diff != "" {
		t.Errorf("seed %d: emitted (-want +got):\n%s", seed, diff)
	}
	counted := fold(b.committedRecords(firedTable, 1))
	for key, n := range model.fired {
		if counted[key] != strconv.Itoa(n) {
			t.Errorf("seed %d: timer %s has fired %s times, want %d", seed, key, counted[key], n)
		}
	}
	var left, letters []string
	for key, second := range model.timers {
		left = append(left, fmt.Sprintf("%s=%d", key, second))
	}
	slices.Sort(left)
	if got := pending(fold(b.committedRecords(timersTopic, 1))); !slices.Equal(got, left) {
		t.Errorf("seed %d: timers left are %q, want %q", seed, got, left)
	}
	for _, l := range b.letters(1) {
		letters = append(letters, fmt.Sprintf("%s %s=%d %t", l.Topic, l.Key, l.Timestamp.Unix(), l.Table))
	}
	if diff := cmp.Diff(model.letters, letters); diff != "" {
		t.Errorf("seed %d: dead letters (-want +got):\n%s", seed, diff)
	}
}

// What a broker refuses of what a timer, or a punctuation, has led to is given up with it, and all others count.
func TestRefusedFirings(t *testing.T) {
	t.Parallel()
	for _, delivery := range []engine.Delivery{engine.AtLeastOnce, engine.ExactlyOnce} {
		for _, by := range []kernel.Clock{kernel.StreamTime, kernel.WallClock} {
			t.Run(fmt.Sprint(delivery, " ", by), func(t *testing.T) {
				t.Parallel()
				b := setup(t)
				p := timed(by, nil)
				out := p.Outputs[0]
				p.Timers[0].Handle = func(_ context.Context, t kernel.Task, m *kernel.Message) error {
					value := string(m.Key)
					if n, _ := strconv.Atoi(value); n%5 == 2 {
						value = "refused"
					}
					return t.Emit(out, m.Key, []byte(value), m.Timestamp, nil)
				}
				policy := kernel.EveryPhase(kernel.Policy{Then: kernel.ActionDeadLetter})
				p.OnError = policy
				k := only(p)
				k.DeadLetters = &kernel.Topic{Name: "letters", Retention: -1, MaxBytes: deadletter.MaxBytes}
				b.topics(k, 1)
				c := &clock{}
				c.set(1000)
				r := b.start(k, c.tune, func(o *engine.Options) { o.Delivery = delivery }).started()
				r.refuseBatches("out", "refused")
				var want []string
				for i := range 20 {
					b.produce(at(1000, fmt.Sprintf("set %d %d", i, 1010+i)))
					if i%5 != 2 {
						want = append(want, strconv.Itoa(i))
					}
				}
				r.settle()
				c.set(2000)
				b.produce(at(2000, ""))
				r.settle()
				b.check(r.stop())
				var got []string
				for _, r := range b.committedRecords("out", 1) {
					got = append(got, string(r.Value))
				}
				if delivery == engine.AtLeastOnce { // what was sent before the one that was refused is sent again
					got = slices.Compact(slices.SortedFunc(slices.Values(got), byNumber))
				}
				if !slices.Equal(got, want) {
					t.Errorf("sent %q, want %q", got, want)
				}
				if left := pending(fold(b.committedRecords(timersTopic, 1))); len(left) != 0 {
					t.Errorf("timers left: %q", left)
				}
				given := map[string]bool{}
				for _, l := range b.letters(1) {
					given[string(l.Key)] = true
					if l.Topic != timersTopic || !l.Table || !strings.Contains(l.Error, "MESSAGE_TOO_LARGE") {
						t.Errorf("letter %+v", l)
					}
				}
				if len(given) != 4 {
					t.Errorf("letters of %v", given)
				}
			})
		}
	}
}

func byNumber(a, b string) int {
	n, _ := strconv.Atoi(a)
	m, _ := strconv.Atoi(b)
	return n - m
}

// A timer that fails and is to stop the run names itself, and is there when the processor starts again.
func TestFailingTimerStops(t *testing.T) {
	t.Parallel()
	for _, delivery := range []engine.Delivery{engine.AtLeastOnce, engine.ExactlyOnce} {
		t.Run(delivery.String(), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			var healthy atomic.Bool
			k := only(timed(kernel.StreamTime, func(context.Context, kernel.Task, *kernel.Message) error {
				if healthy.Load() {
					return nil
				}
				return errTest
			}))
			b.topics(k, 1)
			tunes := func(o *engine.Options) { o.Delivery = delivery }
			r := b.start(k, tunes).started()
			b.produce(at(100, "set a 110"), at(111, ""), at(112, ""))
			err := r.wait()
			if !errors.Is(err, errTest) || !strings.Contains(err.Error(), timersTopic) || !strings.Contains(err.Error(), `timer of 1970-01-01T00:01:50Z`) {
				t.Fatalf("ended with %v", err)
			}
			healthy.Store(true)
			r = b.start(k, tunes).started()
			r.settle()
			b.check(r.stop())
			if got := sprint(b.committedRecords("out", 1)); !slices.Equal(got, []string{"a=110"}) {
				t.Errorf("sent %q", got)
			}
		})
	}
}

// A punctuation that fails is called again or waits for its next time, as the policy says, and what it did is undone.
func TestFailingPunctuations(t *testing.T) {
	t.Parallel()
	for policy, want := range map[kernel.Policy]string{
		{Retries: 2, Backoff: time.Microsecond, Then: kernel.ActionStop}: "1010 1020 1030",
		{Then: kernel.ActionSkip}:       "1010 1030",
		{Then: kernel.ActionDeadLetter}: "1010 1030", // there is no record to keep
	} {
		for how := range 3 {
			t.Run(fmt.Sprint(policy, how), func(t *testing.T) {
				t.Parallel()
				failingPunctuation(t, policy, how, want)
			})
		}
	}
}

func failingPunctuation(t *testing.T, policy kernel.Policy, how int, want string) {
	b := setup(t)
	calls := 0
	p := ticker(func(t kernel.Task, now time.Time, out *kernel.Output) error {
		err := t.Emit(out, []byte("k"), fmt.Append(nil, now.Unix()), now, nil)
		if calls++; calls == 2 || calls == 3 && policy.Retries > 0 {
			err = fail(how)
		}
		return err
	})
	policies := kernel.EveryPhase(policy)
	p.OnError = policies
	k := only(p)
	k.DeadLetters = &kernel.Topic{Name: "letters", Retention: -1, MaxBytes: deadletter.MaxBytes}
	b.topics(k, 1)
	c := &clock{}
	c.set(1000)
	r := b.start(k, c.tune).started()
	for _, now := range []int64{1010, 1020, 1030} {
		c.set(now)
		r.settle()
	}
	b.check(r.stop())
	var got []string
	for _, r := range b.committedRecords("out", 1) {
		got = append(got, string(r.Value))
	}
	if strings.Join(got, " ") != want {
		t.Errorf("sent %q, want %s", got, want)
	}
}

// An index that does not fit its rows ends the run, whatever the policy: the timer in it could never be taken.
func TestDamagedIndexStops(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := timed(kernel.StreamTime, nil)
	p.OnError = kernel.EveryPhase(kernel.Policy{Then: kernel.ActionSkip})
	k := only(p)
	b.topics(k, 1)
	db := store.OpenMemory()
	defer func() { _ = db.Close() }()
	r := b.start(k, on(db)).started()
	b.produce(at(100, "set a 200"))
	r.settle()
	b.check(r.stop())
	index, err := db.Table("test-timed/index/" + timersTopic + "/0")
	b.check(err)
	odd := db.Batch()
	odd.Set(index, append(binary.BigEndian.AppendUint64(nil, 150_000), 'b'), []byte{})
	b.check(odd.Commit())
	r = b.start(k, on(db)).started()
	b.produce(at(160, ""))
	if err := r.wait(); err == nil || !strings.Contains(err.Error(), "the index of the local store has a time that the timer has not") {
		t.Errorf("ended with %v", err)
	}
}
