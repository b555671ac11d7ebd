package engine_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/eddystream/eddy/topology/internal/cache"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// timerModel is what timers by stream time are: a map and a sorted list. It gets the records of a partition in their order.
type timerModel struct {
	keys   []string
	timers map[string]int64
	stream int64
	events []string // what is emitted
	fired  map[string]int

	poison  func(second int64) bool // what is passed over; nil: nothing
	letters []string
}

func (m *timerModel) record(second int64, key, words string) {
	m.stream = max(m.stream, second)
	if m.givesUp("in", key, second, false) {
		words = ""
	} else {
		m.events = append(m.events, fmt.Sprintf("%s=@%d", key, m.stream))
	}
	for order := range strings.SplitSeq(words, ",") {
		switch w := strings.Fields(order); {
		case len(w) == 3:
			m.timers[w[1]], _ = strconv.ParseInt(w[2], 10, 64)
		case len(w) == 2:
			delete(m.timers, w[1])
		}
	}
	for {
		due := slices.DeleteFunc(slices.Collect(maps.Keys(m.timers)), func(key string) bool { return m.timers[key] > m.stream })
		if len(due) == 0 {
			return
		}
		key := slices.MinFunc(due, func(a, b string) int {
			return strings.Compare(fmt.Sprintf("%09d%s", m.timers[a], a), fmt.Sprintf("%09d%s", m.timers[b], b))
		})
		at := m.timers[key]
		delete(m.timers, key)
		if m.givesUp(timersTopic, key, at, true) {
			continue
		}
		m.events = append(m.events, fmt.Sprintf("%s=%d", key, at))
		m.fired[key]++
		if again, ok := setsAgain(at); ok {
			m.timers[key] = again
		}
		if other, ok := cancels(m.keys, key, at); ok {
			delete(m.timers, other)
		}
	}
}

// draw draws what a record says, and has the model process it.
func (m *timerModel) draw(rng *rand.Rand, second int64, key string) (order string) {
	var words []string
	for range 1 + rng.IntN(3) {
		other := m.keys[rng.IntN(len(m.keys))]
		if rng.IntN(4) == 0 {
			words = append(words, "cancel "+other)
		} else {
			words = append(words, fmt.Sprintf("set %s %d", other, second+rng.Int64N(60)-5))
		}
	}
	order = strings.Join(words, ",")
	m.record(second, key, order)
	return order
}

// modelled is a processor that does what models of its partitions do. It counts in a table how often each timer has fired.
func modelled(models ...*timerModel) *kernel.Processor {
	p := timed(kernel.StreamTime, func(_ context.Context, t kernel.Task, m *kernel.Message) error {
		at := m.Timestamp.Unix()
		if again, ok := setsAgain(at); ok {
			if err := t.Timers(0).Set(m.Key, time.Unix(again, 0)); err != nil {
				return err
			}
		}
		if other, ok := cancels(models[t.Partition()].keys, string(m.Key), at); ok {
			if err := t.Timers(0).Cancel([]byte(other)); err != nil {
				return err
			}
		}
		_, err := bump(t, m.Key)
		return err
	})
	p.Own = counts(firedTable)
	handle, out := p.Inputs[0].Handle, p.Outputs[0]
	p.Inputs[0].Handle = func(ctx context.Context, t kernel.Task, m *kernel.Message) error {
		if err := t.Emit(out, m.Key, fmt.Appendf(nil, "@%d", t.StreamTime().Unix()), m.Timestamp, nil); err != nil {
			return err
		}
		return handle(ctx, t, m)
	}
	return p
}

const firedTable = "test-timed-table"

// givesUp reports whether a record, or a firing, is passed over; then it is a dead letter.
func (m *timerModel) givesUp(topic, key string, at int64, table bool) bool {
	if m.poison == nil || !m.poison(at) {
		return false
	}
	m.letters = append(m.letters, fmt.Sprintf("%s %s=%d %t", topic, key, at, table))
	return true
}

// setsAgain and cancels are what a timer that fires does: the same in the model and in the handler.
func setsAgain(at int64) (int64, bool) { return at + 5, at%3 == 0 }

func cancels(keys []string, key string, at int64) (string, bool) {
	return keys[(slices.Index(keys, key)+1)%len(keys)], at%7 == 0
}

// Whatever members come, stop and crash, on the same disk or another, timers fire as those of a model do that sees the records in their order.
// With exactly-once everything is the same. With at-least-once some of it may be repeated, and in the end the timers are the same.
func TestTimersSurviveCrashes(t *testing.T) {
	t.Parallel()
	for _, delivery := range []engine.Delivery{engine.AtLeastOnce, engine.ExactlyOnce} {
		t.Run(delivery.String(), func(t *testing.T) {
			t.Parallel()
			timersSurviveCrashes(t, delivery)
		})
	}
}

func timersSurviveCrashes(t *testing.T, delivery engine.Delivery) {
	const partitions, rounds, perRound = 2, 10, 60
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	models := make([]*timerModel, partitions)
	for p := range models {
		models[p] = &timerModel{timers: map[string]int64{}, fired: map[string]int{}}
	}
	for i := range 16 {
		key := strconv.Itoa(i)
		m := models[cluster.Partition([]byte(key), partitions)]
		m.keys = append(m.keys, key)
	}
	p := modelled(models...)
	b := setup(t)
	k := only(p)
	b.topics(k, partitions)
	disk := store.OpenMemory()
	defer func() { _ = disk.Close() }()
	deliver := func(o *engine.Options) { o.Delivery, o.DrainTimeout = delivery, time.Second }
	type member struct {
		*run
		name string
	}
	var members []member
	for round := range rounds {
		if len(members) == 0 || len(members) < 2 && rng.IntN(3) == 0 {
			name := "one" // whose open transactions the next of the name ends
			if len(members) > 0 && members[0].name == name {
				name = "two"
			}
			tunes := []tune{deliver, func(o *engine.Options) {
				o.Instance = name
				o.BatchRecords = 1 + rng.IntN(20)
				o.Memory.Rows = cache.NewBudget(1 + rng.Int64N(5000))
			}}
			if len(members) == 0 && rng.IntN(2) == 0 { // one process at a time has the disk
				tunes = append(tunes, on(disk))
			}
			members = append(members, member{b.start(k, tunes...), name})
		}
		if rng.IntN(2) == 0 {
			members[len(members)-1].started()
		}
		for i := range perRound {
			m := models[rng.IntN(partitions)]
			key := m.keys[rng.IntN(len(m.keys))]
			second := int64(1000 + round*perRound + i - rng.IntN(20))
			order := m.draw(rng, second, key)
			r := at(second, order)
			r.Partition, r.Key = cluster.Partition([]byte(key), partitions), []byte(key)
			b.produce(r)
		}
		i := rng.IntN(len(members))
		switch m := members[i]; rng.IntN(4) {
		case 0:
			b.check(m.stop())
			members = append(members[:i], members[i+1:]...)
		case 1, 2:
			m.crash()
			members = append(members[:i], members[i+1:]...)
		}
	}
	for _, m := range members {
		m.crash()
	}
	last := b.start(k, on(disk), deliver, func(o *engine.Options) { o.Instance = "one" }).started()
	last.settle()
	b.check(last.stop())

	emitted := make([][]string, partitions)
	for _, r := range b.committedRecords("out", partitions) {
		emitted[r.Partition] = append(emitted[r.Partition], fmt.Sprintf("%s=%s", r.Key, r.Value))
	}
	counted := fold(b.committedRecords(firedTable, partitions))
	left := map[string]string{}
	for p, m := range models {
		got := emitted[p]
		if delivery == engine.AtLeastOnce {
			got = slices.Compact(slices.Sorted(slices.Values(got)))
			m.events = slices.Compact(slices.Sorted(slices.Values(m.events)))
		}
		if !slices.Equal(got, m.events) {
			t.Errorf("seed %d: partition %d emitted\n%q, want\n%q", seed, p, got, m.events)
		}
		for key, n := range m.fired {
			if c, _ := strconv.Atoi(counted[key]); c < n || c > n && delivery == engine.ExactlyOnce {
				t.Errorf("seed %d: timer %s has fired %d times, want %d", seed, key, c, n)
			}
		}
		for key, second := range m.timers {
			left[key] = strconv.FormatInt(second, 10)
		}
	}
	var want []string
	for key, second := range left {
		want = append(want, key+"="+second)
	}
	slices.Sort(want)
	if got := pending(fold(b.committedRecords(timersTopic, partitions))); !slices.Equal(got, want) {
		t.Errorf("seed %d: timers left are %q, want %q", seed, got, want)
	}
}
