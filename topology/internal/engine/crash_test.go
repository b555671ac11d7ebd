package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/eddystream/eddy/topology/internal/cache"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// tally is a pipeline whose result tells what was lost and what was counted twice, under at-least-once delivery.
//
// "adder" keeps per key the set of the record ids it has seen, and sends a new id once round its loop to the next key, with one hop
// less, and to "sums". It is the shape that loses when state is durable before its outputs: a replay then finds the id and sends
// nothing. "summer" keeps the set of ids that arrive, from every key.
func tally(keys int) *kernel.Topology {
	set := func(name string) *kernel.Table {
		return &kernel.Table{
			Topic:  kernel.Topic{Name: name, Table: true},
			Encode: func(row any) ([]byte, error) { return []byte(row.(string)), nil },
			Decode: func(data []byte) (any, error) { return string(data), nil },
		}
	}
	// insert reports whether the id is new to the row.
	insert := func(t kernel.Task, key []byte, id string) (bool, error) {
		row, _, err := t.Own().Get(key)
		if err != nil {
			return false, err
		}
		ids, _ := row.(string)
		if strings.Contains(";"+ids, ";"+id+";") {
			return false, nil
		}
		return true, t.Own().Set(key, ids+id+";")
	}
	sums, loop := &kernel.Output{Topic: topic("sums")}, &kernel.Output{Topic: topic("test-adder-loop")}
	add := func(_ context.Context, t kernel.Task, m *kernel.Message) error {
		id, rest, _ := strings.Cut(string(m.Value), " ")
		hops, err := strconv.Atoi(rest)
		if err != nil {
			return err
		}
		fresh, err := insert(t, m.Key, id)
		if !fresh || err != nil {
			return err
		}
		if err := t.Emit(sums, m.Key, []byte(id), m.Timestamp, nil); err != nil || hops == 0 {
			return err
		}
		k, err := strconv.Atoi(string(m.Key))
		if err != nil {
			return err
		}
		return t.Emit(loop, []byte(strconv.Itoa((k+1)%keys)), fmt.Appendf(nil, "%s %d", id, hops-1), m.Timestamp, nil)
	}
	sum := func(_ context.Context, t kernel.Task, m *kernel.Message) error {
		_, err := insert(t, m.Key, string(m.Value))
		return err
	}
	return only(
		&kernel.Processor{
			Name: "adder", Group: "test-adder", Own: set("test-adder-table"), Outputs: []*kernel.Output{sums},
			Inputs: []*kernel.Input{{Topic: topic("in"), Handle: add}},
			Loop:   &kernel.Loop{Topic: loop.Topic, Handle: add, Out: loop},
		},
		&kernel.Processor{
			Name: "summer", Group: "test-summer", Own: set("test-summer-table"),
			Inputs: []*kernel.Input{{Topic: sums.Topic, Handle: sum}},
		},
	)
}

// Whatever members come, stop and crash, on the same disk or another, every record arrives at every key on its way, and the tables of
// both processors say so.
func TestCrashesLoseNothing(t *testing.T) {
	t.Parallel()
	const keys, hops, rounds, perRound = 24, 6, 12, 40
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 0))
	b := setup(t)
	k := tally(keys)
	b.topics(k, 8)

	disk := store.OpenMemory()
	defer func() { _ = disk.Close() }()
	var members []*run
	want := map[string]map[string]bool{} // by key, the ids
	id := 0
	for range rounds {
		if len(members) == 0 || len(members) < 2 && rng.IntN(3) == 0 {
			tunes := []tune{func(o *engine.Options) {
				o.DrainTimeout = time.Second
				o.BatchRecords = 1 + rng.IntN(20)
				o.Memory.Rows = cache.NewBudget(1 + rng.Int64N(5000))
			}}
			if len(members) == 0 && rng.IntN(2) == 0 { // one process at a time has the disk
				tunes = append(tunes, on(disk))
			}
			members = append(members, b.start(k, tunes...))
		}
		if rng.IntN(2) == 0 {
			members[len(members)-1].started()
		}
		for range perRound {
			id++
			key := rng.IntN(keys)
			b.produce(keyed("in", 8, strconv.Itoa(key), fmt.Sprintf("%d %d", id, hops)))
			for h := range hops + 1 {
				at := strconv.Itoa((key + h) % keys)
				if want[at] == nil {
					want[at] = map[string]bool{}
				}
				want[at][strconv.Itoa(id)] = true
			}
		}
		if len(members) > 0 {
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
	}
	for _, m := range members {
		m.crash()
	}
	last := b.start(k, on(disk)).started()
	last.settle()
	b.check(last.stop())
	for _, table := range []string{"test-adder-table", "test-summer-table"} {
		got := map[string]string{}
		for _, row := range b.read(table) {
			got[string(row.Key)] = string(row.Value)
		}
		for key, ids := range want {
			list := strings.Split(strings.TrimSuffix(got[key], ";"), ";")
			if len(list) != len(ids) {
				t.Errorf("seed %d: %s has %d ids at %s, want %d", seed, table, len(list), key, len(ids))
			}
			for _, id := range list {
				if !ids[id] {
					t.Errorf("seed %d: %s has %q at %s", seed, table, id, key)
				}
			}
		}
	}
}
