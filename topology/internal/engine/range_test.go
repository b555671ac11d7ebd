package engine_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/eddystream/eddy/topology/internal/cache"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// texts is a table of strings. One that is "bad" cannot be decoded.
func texts(name string) *kernel.Table {
	return &kernel.Table{
		Topic:  kernel.Topic{Name: name, Table: true},
		Encode: func(row any) ([]byte, error) { return []byte(row.(string)), nil },
		Decode: func(data []byte) (any, error) {
			if string(data) == "bad" {
				return nil, errTest
			}
			return string(data), nil
		},
	}
}

// model is a store as it should be.
type model map[string]string

// between are the rows with from <= key < to, in order.
func (m model) between(from, to []byte) []string {
	var rows []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if key >= string(from) && (to == nil || key < string(to)) {
			rows = append(rows, key+"="+m[key])
		}
	}
	return rows
}

// scribbler does to a store, and to a model of it, what a record says: writes some rows, and iterates, writing meanwhile.
type scribbler struct {
	rng  *rand.Rand
	rows model
}

func (s *scribbler) key() []byte {
	key := make([]byte, 1+s.rng.IntN(2))
	for i := range key {
		key[i] = "\x00\x01ab\xfe\xff"[s.rng.IntN(6)]
	}
	return key
}

func (s *scribbler) write(rows kernel.Rows) error {
	key := s.key()
	if s.rng.IntN(3) == 0 {
		delete(s.rows, string(key))
		return rows.Delete(key)
	}
	s.rows[string(key)] = strconv.Itoa(s.rng.IntN(1000))
	return rows.Set(key, s.rows[string(key)])
}

func (s *scribbler) check(rows kernel.Rows) error {
	from, to := s.key(), s.key()
	if s.rng.IntN(3) == 0 {
		from, to = nil, nil
	}
	want := s.rows.between(from, to) // as it is now, whatever the loop does
	stop := -1
	if s.rng.IntN(4) == 0 {
		stop = s.rng.IntN(10)
	}
	var got []string
	for row, err := range rows.Range(from, to) {
		if err != nil {
			return err
		}
		got = append(got, string(row.Key)+"="+row.Value.(string))
		if s.rng.IntN(3) == 0 {
			if err := s.write(rows); err != nil {
				return err
			}
		}
		if stop--; stop == 0 {
			want = want[:len(got)]
			break
		}
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("range from %q to %q is %q, want %q", from, to, got, want)
	}
	return nil
}

func (s *scribbler) handle(_ context.Context, t kernel.Task, _ *kernel.Message) error {
	for range s.rng.IntN(6) {
		if err := s.write(t.Store(0)); err != nil {
			return err
		}
	}
	if s.rng.IntN(2) == 0 {
		return s.check(t.Store(0))
	}
	return nil
}

// An iteration has the rows that there are when it begins, in order: those of the store, of a batch that is being committed and of the open one,
// whatever is written meanwhile, and on whichever disk.
func TestRange(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	s := &scribbler{rng: rand.New(rand.NewPCG(seed, 0)), rows: model{}}
	const changelog = "test-scribbler-rows-changelog"
	b := setup(t)
	k := only(&kernel.Processor{
		Name: "scribbler", Group: "test-scribbler", Stores: []*kernel.Table{texts(changelog)},
		Inputs: []*kernel.Input{{Topic: topic("in"), Handle: s.handle}},
	})
	b.topics(k, 1)
	disk := store.OpenMemory()
	defer func() { _ = disk.Close() }()
	processed := make(chan int64, 1000)
	for round := range 12 {
		tunes := []tune{func(o *engine.Options) {
			o.Observer.Processed = func(i kernel.ProcessedInfo) { processed <- i.Offset }
			o.Memory.Rows = cache.NewBudget(1 + s.rng.Int64N(20_000))
			o.Delivery = engine.Delivery(round % 2)
		}}
		if s.rng.IntN(2) == 0 {
			tunes = append(tunes, on(disk))
		}
		r := b.start(k, tunes...).started()
		for range 4 {
			r.keep(ofTopic(changelog)) // so that a batch is in the middle of its commit
			n := 5 + s.rng.IntN(20)
			for range n {
				b.produce(to("in", 0, "k", ""))
			}
			for range n {
				select {
				case <-processed:
				case <-r.done:
					t.Fatalf("seed %d: %v", seed, r.err)
				case <-time.After(patience):
					t.Fatal("nothing is processed")
				}
			}
			r.open()
			r.settle()
		}
		b.check(r.stop())
	}
	if got, want := fold(b.committedRecords(changelog, 1)), s.rows; !maps.Equal(got, map[string]string(want)) {
		t.Errorf("seed %d: the changelog has %q, want %q", seed, got, want)
	}
}

// A store of many rows is read in parts; a row that cannot be decoded is named, and is not the end.
func TestRangeNamesRowsItCannotRead(t *testing.T) {
	t.Parallel()
	const changelog, many = "test-reader-rows-changelog", 1000
	b := setup(t)
	var got []string
	k := only(&kernel.Processor{
		Name: "reader", Group: "test-reader", Stores: []*kernel.Table{texts(changelog)},
		Inputs: []*kernel.Input{{Topic: topic("in"), Handle: func(_ context.Context, t kernel.Task, _ *kernel.Message) error {
			for row, err := range t.Store(0).Range(nil, nil) {
				switch {
				case errors.Is(err, errTest) && strings.Contains(err.Error(), changelog) && strings.Contains(err.Error(), fmt.Sprintf("%q", row.Key)):
					got = append(got, "cannot read "+string(row.Key))
				case err != nil:
					return err
				default:
					got = append(got, string(row.Key))
				}
			}
			return nil
		}}},
	})
	b.topics(k, 1)
	var want []string
	for i := range many {
		key, value := fmt.Sprintf("%04d", i), "good"
		want = append(want, key)
		if i%100 == 50 {
			value, want[i] = "bad", "cannot read "+key
		}
		b.produce(to(changelog, 0, key, value))
	}
	r := b.start(k).started()
	b.produce(to("in", 0, "k", ""))
	r.settle()
	b.check(r.stop())
	if !slices.Equal(got, want) {
		t.Errorf("read %q", got)
	}
}
