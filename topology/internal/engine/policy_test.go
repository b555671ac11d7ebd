package engine_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/deadletter"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/pack"
)

// most is the largest record of the runs of these tests.
const most = 10_000

// poisons are values of "in" that the ledger cannot process, and the phases in which they fail. All but the first fail when the handler
// has written and sent all that it would.
var poisons = map[string]kernel.Phase{
	"undecodable":  kernel.PhaseDecode,
	"error":        kernel.PhaseProcess,
	"unset":        kernel.PhaseProcess, // the row is changed, and not set
	"panic":        kernel.PhaseProcess,
	"goexit":       kernel.PhaseProcess,
	"unencodable":  kernel.PhaseWrite,
	"large row":    kernel.PhaseWrite,
	"large output": kernel.PhaseWrite,
	"large pack":   kernel.PhaseWrite,
	"endless":      kernel.PhaseWrite,
}

// ledgerRow is a row that handlers change in place.
type ledgerRow struct{ text string }

// ledger appends the values of "in" to the rows of their keys, and emits each new row to "out", and to the packed stream "told", which
// "reader" copies to "copied".
func ledger(policies kernel.Policies) *kernel.Topology {
	out, copied := &kernel.Output{Topic: topic("out")}, &kernel.Output{Topic: topic("copied")}
	told := &kernel.Output{Topic: kernel.Topic{Name: "told", Packed: true}, Last: true}
	own := &kernel.Table{
		Topic: kernel.Topic{Name: "test-ledger-table", Table: true},
		Encode: func(row any) ([]byte, error) {
			text := row.(*ledgerRow).text
			if strings.Contains(text, "unencodable") {
				return nil, errTest
			}
			return []byte(text), nil
		},
		Decode: func(data []byte) (any, error) { return &ledgerRow{string(data)}, nil },
	}
	handle := func(_ context.Context, t kernel.Task, m *kernel.Message) error {
		value := string(m.Value)
		if value == "undecodable" {
			return kernel.In(kernel.PhaseDecode, errTest)
		}
		got, ok, err := t.Own().Get(m.Key)
		if err != nil {
			return err
		}
		row := &ledgerRow{}
		if ok {
			row = got.(*ledgerRow)
		}
		row.text += value + ";"
		if value == "unset" {
			return errTest
		}
		text := []byte(row.text)
		if value == "large row" {
			row.text += strings.Repeat("x", most)
		}
		err = errors.Join(
			t.Own().Set(m.Key, row),
			t.Own().Set(append([]byte("last-"), m.Key...), &ledgerRow{value}),
			t.Emit(out, m.Key, text, m.Timestamp, nil), t.Emit(told, m.Key, text, m.Timestamp, nil),
		)
		if err != nil {
			return err
		}
		switch value {
		case "error":
			return fmt.Errorf("wrapped: %w", errTest)
		case "panic":
			panic(errTest)
		case "goexit":
			runtime.Goexit()
		case "large output":
			return t.Emit(out, m.Key, make([]byte, most), m.Timestamp, nil)
		case "large pack":
			return t.Emit(told, m.Key, make([]byte, most), m.Timestamp, nil)
		case "endless":
			for err == nil {
				err = t.Emit(told, m.Key, make([]byte, most/2), m.Timestamp, nil)
			}
			return err
		}
		return nil
	}
	return &kernel.Topology{
		Name: "test", DeadLetters: &kernel.Topic{Name: "letters", Retention: -1, MaxBytes: deadletter.MaxBytes},
		Processors: []*kernel.Processor{{
			Name: "ledger", Group: "test-ledger", Own: own, Outputs: []*kernel.Output{out, told},
			Inputs: []*kernel.Input{{Topic: topic("in"), Handle: handle}}, OnError: policies,
		}, {
			Name: "reader", Group: "test-reader", Outputs: []*kernel.Output{copied},
			Inputs: []*kernel.Input{{Topic: told.Topic, Handle: func(_ context.Context, t kernel.Task, m *kernel.Message) error {
				return t.Emit(copied, m.Key, m.Value, m.Timestamp, nil)
			}}},
		}},
	}
}

// entry is a message of "in".
type entry struct {
	key, value string
	second     int64 // of its timestamp
}

// packed is a record of messages.
func packed(t testing.TB, partition int32, entries []entry) *kgo.Record {
	t.Helper()
	var b pack.Builder
	for _, e := range entries {
		if !b.Add([]byte(e.key), []byte(e.value), time.Unix(e.second, 0), nil) {
			t.Fatal("the pack is full")
		}
	}
	m := b.Record()
	r := &kgo.Record{Topic: "in", Partition: partition, Key: m.Key, Value: m.Value, Timestamp: m.Timestamp}
	for _, h := range m.Headers {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
	}
	return r
}

// onDelivery sets the delivery of a run, and the size of its largest record.
func onDelivery(d engine.Delivery) tune {
	return func(o *engine.Options) { o.Delivery, o.MaxRecordBytes = d, most }
}

// letters returns the dead letters.
func (b *bundle) letters(partitions int32) (all []*deadletter.Letter) {
	b.t.Helper()
	for _, r := range b.committedRecords("letters", partitions) {
		m := kernel.Message{Key: r.Key, Value: r.Value, Timestamp: r.Timestamp}
		for _, h := range r.Headers {
			m.Headers = append(m.Headers, kernel.Header{Key: h.Key, Value: h.Value})
		}
		l, err := deadletter.Parse(&m)
		b.check(err)
		all = append(all, l)
	}
	return all
}

// ledgerKeys are keys that are, with the keys beside them, of partition 0 of 2.
func ledgerKeys(n int) (keys []string) {
	for i := 0; len(keys) < n; i++ {
		key := strconv.Itoa(i)
		if cluster.Partition([]byte(key), 2) == 0 && cluster.Partition([]byte("last-"+key), 2) == 0 {
			keys = append(keys, key)
		}
	}
	return keys
}

// A message that fails, in whatever way, leaves nothing behind, and all others count: alone or in a pack, the first of its batch or the last of
// many which wrote the same row, with either delivery. It is among the dead letters once, with its reason.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	for _, delivery := range []engine.Delivery{engine.AtLeastOnce, engine.ExactlyOnce} {
		for _, inPacks := range []bool{false, true} {
			for _, held := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/packs %t/held %t", delivery, inPacks, held), func(t *testing.T) {
					t.Parallel()
					deadLetters(t, delivery, inPacks, held)
				})
			}
		}
	}
}

func deadLetters(t *testing.T, delivery engine.Delivery, inPacks, held bool) {
	b := setup(t)
	topo := ledger(kernel.EveryPhase(kernel.Policy{Then: kernel.ActionDeadLetter}))
	b.topics(topo, 2)
	keys := ledgerKeys(4)
	var entries []entry
	good := map[string][]string{}
	for round := range 3 {
		for i, poison := range slices.Sorted(maps.Keys(poisons)) {
			for _, key := range keys[:3] {
				value := fmt.Sprintf("%d-%d", round, i)
				entries = append(entries, entry{key, value, 1})
				good[key] = append(good[key], value)
			}
			entries = append(entries, entry{keys[(i+round)%4], poison, 1}) // the last key has nothing else
		}
	}
	failed := make(chan struct{}, 1000)
	r := b.start(topo, onDelivery(delivery), func(o *engine.Options) {
		if !held {
			o.BatchBytes = 300 // batches are full before they are given up
		}
		o.Observer.Failed = func(i kernel.FailedInfo) {
			if i.Outcome != "dead-letter" {
				b.t.Errorf("%s: %v", i.Outcome, i.Err)
			}
			failed <- struct{}{}
		}
	}).started()
	if held {
		r.keep(ofTopic("test-ledger-table"))
		b.produce(to("in", 0, keys[0], "begin"))
		r.heldBack(t) // the next ones are in one batch
	} else {
		b.produce(to("in", 0, keys[0], "begin"))
	}
	good[keys[0]] = append([]string{"begin"}, good[keys[0]]...)
	if inPacks {
		for chunk := range slices.Chunk(entries, 16) {
			b.produce(packed(t, 0, chunk))
		}
	} else {
		for _, e := range entries {
			b.produce(to("in", 0, e.key, e.value))
		}
	}
	if held {
		await(t, failed)
		r.open()
	}
	r.settle()
	b.check(r.stop())

	want := map[string]string{}
	for key, values := range good {
		want[key] = strings.Join(values, ";") + ";"
		want["last-"+key] = values[len(values)-1]
	}
	if diff := cmp.Diff(want, fold(b.committedRecords("test-ledger-table", 2))); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	for _, name := range []string{"out", "copied"} {
		got := map[string][]string{}
		for _, r := range b.committedRecords(name, 2) {
			got[string(r.Key)] = append(got[string(r.Key)], string(r.Value))
		}
		for key, values := range good {
			var all []string
			for i := range values {
				all = append(all, strings.Join(values[:i+1], ";")+";")
			}
			if diff := cmp.Diff(all, got[key]); diff != "" {
				t.Errorf("%s of %s (-want +got):\n%s", name, key, diff)
			}
		}
		if len(got) != len(good) {
			t.Errorf("%s has keys %v", name, slices.Collect(maps.Keys(got)))
		}
	}
	found := map[string]int{}
	for _, l := range b.letters(2) {
		value := string(l.Value)
		found[value]++
		if l.Processor != "ledger" || l.Group != "test-ledger" || l.Topic != "in" || l.Partition != 0 || l.Packed != inPacks || l.Phase != poisons[value] || l.Error == "" {
			t.Errorf("letter %+v", l)
		}
	}
	for poison := range poisons {
		if found[poison] != 3 {
			t.Errorf("%d letters of %q, not 3", found[poison], poison)
		}
	}
}

// What a broker refuses, and the client could not know of, is found out by sending one by one.
func TestRefusedWrites(t *testing.T) {
	t.Parallel()
	for _, delivery := range []engine.Delivery{engine.AtLeastOnce, engine.ExactlyOnce} {
		for _, topic := range []string{"out", "told", "test-ledger-table"} {
			t.Run(fmt.Sprintf("%s/%s", delivery, topic), func(t *testing.T) {
				t.Parallel()
				refusedWrites(t, delivery, topic)
			})
		}
	}
}

func refusedWrites(t *testing.T, delivery engine.Delivery, topic string) {
	b := setup(t)
	topo := ledger(kernel.EveryPhase(kernel.Policy{Then: kernel.ActionDeadLetter}))
	b.topics(topo, 2)
	r := b.start(topo, onDelivery(delivery)).started()
	r.refuseBatches(topic, "refused")
	keys := ledgerKeys(3)
	good := map[string]string{}
	refused := 0
	for i := range 40 {
		e := entry{keys[i%3], strconv.Itoa(i), 1}
		if i%13 == 5 {
			e.value = "refused"
			refused++
		} else {
			good[e.key] += e.value + ";"
			good["last-"+e.key] = e.value
		}
		b.produce(to("in", 0, e.key, e.value))
	}
	r.settle()
	b.check(r.stop())
	if diff := cmp.Diff(good, fold(b.committedRecords("test-ledger-table", 2))); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	letters := b.letters(2)
	for _, l := range letters {
		if string(l.Value) != "refused" || l.Phase != kernel.PhaseWrite || !strings.Contains(l.Error, "MESSAGE_TOO_LARGE") {
			t.Errorf("letter %+v", l)
		}
	}
	if len(letters) != refused {
		t.Errorf("%d letters, not %d", len(letters), refused)
	}
}

// A record that is tried again holds up those behind it; what its tries did is undone.
func TestRetry(t *testing.T) {
	t.Parallel()
	for _, inPacks := range []bool{false, true} {
		t.Run(fmt.Sprintf("packs %t", inPacks), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			topo := ledger(kernel.EveryPhase(kernel.Policy{Retries: 3, Backoff: time.Millisecond, Then: kernel.ActionDeadLetter}))
			p := topo.Processors[0]
			inner := p.Inputs[0].Handle
			var tries atomic.Int64
			p.Inputs[0].Handle = func(ctx context.Context, t kernel.Task, m *kernel.Message) error {
				err := inner(ctx, t, m)
				if string(m.Value) == "flaky" && tries.Add(1) < 4 {
					return errTest
				}
				return err
			}
			b.topics(topo, 2)
			var retries atomic.Int64
			r := b.start(topo, onDelivery(engine.AtLeastOnce), func(o *engine.Options) {
				o.Observer.Failed = func(i kernel.FailedInfo) {
					if i.Outcome == "retry" {
						retries.Add(1)
					}
				}
			}).started()
			entries := []entry{{"6", "a", 1}, {"6", "flaky", 1}, {"6", "b", 1}, {"6", "error", 1}, {"6", "c", 1}}
			if inPacks {
				b.produce(packed(t, 0, entries))
			} else {
				for _, e := range entries {
					b.produce(to("in", 0, e.key, e.value))
				}
			}
			r.settle()
			b.check(r.stop())
			if got := fold(b.read("test-ledger-table"))["6"]; got != "a;flaky;b;c;" {
				t.Errorf("the row is %q", got)
			}
			if n := retries.Load(); n != 6 {
				t.Errorf("%d retries, not 3 of each", n)
			}
			if l := b.letters(2); len(l) != 1 || string(l[0].Value) != "error" {
				t.Errorf("letters %+v", l)
			}
		})
	}
}

// Whoever waits to try again can be stopped, and commits what is before the record.
func TestRetryCanBeStopped(t *testing.T) {
	t.Parallel()
	b := setup(t)
	topo := ledger(kernel.EveryPhase(kernel.Policy{Retries: -1, Backoff: time.Hour}))
	b.topics(topo, 2)
	failed := make(chan struct{}, 1)
	r := b.start(topo, func(o *engine.Options) {
		o.Observer.Failed = func(kernel.FailedInfo) { failed <- struct{}{} }
	}).started()
	b.produce(to("in", 0, "6", "a"), to("in", 0, "6", "error"), to("in", 0, "6", "b"))
	await(t, failed)
	b.check(r.stop())
	if at := b.committed("test-ledger", "in", 0); at != 1 {
		t.Errorf("committed %d, not 1", at)
	}
	if got := fold(b.read("test-ledger-table"))["6"]; got != "a;" {
		t.Errorf("the row is %q", got)
	}
}
