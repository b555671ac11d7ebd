//go:build unix

package faults

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/integration/faults/counting"
	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// A counting load has many records of some keys, and of others one that comes first: nothing but its table knows them later.
const (
	hotKeys  = 400
	coldKeys = 100
)

// counter is the counting pipeline. What has to come of its load is read from the log of its input: that may have lost records
// which nobody has seen.
type counter struct {
	c        *Cluster
	topo     *topology.Topology
	random   *rand.Rand
	numbers  map[string]int64 // the last of each key
	producer *kgo.Client

	mu     sync.Mutex
	failed error // of a record that was not acknowledged
}

func newCounting(c *Cluster) (*counter, error) {
	topo, err := counting.New()
	if err != nil {
		return nil, err
	}
	// Keys hash as Eddy has them: so does every client of Kafka's by default. A broker that has lost what it had acknowledged is no error.
	producer, err := kgo.NewClient(kgo.SeedBrokers(c.kafka.Addrs()...), kgo.DefaultProduceTopic(counting.Numbers.Topic()))
	if err != nil {
		return nil, err
	}
	return &counter{c: c, topo: topo, random: rand.New(rand.NewPCG(c.Seed, 1)), numbers: map[string]int64{}, producer: producer}, nil
}

func (n *counter) topology() *topology.Topology { return n.topo }

func (n *counter) program() (path string, args []string) {
	if n.c.Goka {
		return n.c.Counter, []string{"--goka"}
	}
	return n.c.Counter, nil
}

// found sends one record of each key, and last one of those that have more.
func (n *counter) found(ctx context.Context) error { return n.sendEach(ctx, hotKeys+coldKeys) }

func (n *counter) last(ctx context.Context) error { return n.sendEach(ctx, hotKeys) }

func (n *counter) sendEach(ctx context.Context, keys int) error {
	for i := range keys {
		if err := n.send(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

func (n *counter) flood(ctx context.Context, records int) error {
	for range records {
		if err := n.send(ctx, n.random.IntN(hotKeys)); err != nil {
			return err
		}
	}
	return nil
}

// send sends the next record of a key.
func (n *counter) send(ctx context.Context, key int) error {
	name := fmt.Sprintf("key-%03d", key)
	n.numbers[name]++
	value, err := counting.Numbers.ValueCodec().Encode(n.numbers[name])
	if err != nil {
		return err
	}
	n.producer.Produce(ctx, &kgo.Record{Key: []byte(name), Value: value}, func(_ *kgo.Record, err error) {
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.failed == nil && err != nil {
			n.failed = fmt.Errorf("sending the load: %w", err)
		}
	})
	return n.failure()
}

func (n *counter) failure() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.failed
}

func (n *counter) flush(ctx context.Context) error {
	if err := n.producer.Flush(ctx); err != nil {
		return err
	}
	return n.failure()
}

func (n *counter) follow(ctx context.Context) (func(context.Context, func()) error, error) {
	from, err := topology.Ends(ctx, n.c.cfg, counting.Results)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, processed func()) error {
		return topology.ConsumeFrom(ctx, n.c.cfg, counting.Results, from,
			func(context.Context, *topology.Record[string, counting.Result]) error {
				processed()
				return nil
			})
	}, nil
}

func (n *counter) tables() []string    { return []string{counting.TableName} }
func (n *counter) unwritten() []string { return nil }
func (n *counter) streams() []string   { return nil }
func (n *counter) inputs() []string    { return []string{counting.Numbers.Topic()} }
func (n *counter) outputs() []string   { return []string{counting.Results.Topic()} }

func (n *counter) stores(dir string) ([]topologytest.LocalTable, error) {
	if n.c.Goka {
		return counting.GokaTables(dir)
	}
	return topologytest.LocalTables(dir, n.topo.Name())
}

func (n *counter) close() error {
	n.producer.Close()
	return nil
}

// account is what is known of one key: what was asked, and what came of it.
type account struct {
	want    counting.Row
	counts  map[int64][]int64 // what the records with each number count, in their order
	results map[int64]int     // how often each number has a result
}

func (n *counter) judge(ctx context.Context, v *Verdict) error {
	accounts := map[string]*account{}
	of := func(key string) *account {
		if accounts[key] == nil {
			accounts[key] = &account{counts: map[int64][]int64{}, results: map[int64]int{}}
		}
		return accounts[key]
	}
	err := readStream(ctx, n.c.cfg, counting.Numbers, func(key string, number int64) {
		a := of(key)
		a.want = a.want.Next(number)
		a.counts[number] = append(a.counts[number], a.want.Count)
		v.records++
	})
	if err != nil {
		return err
	}
	err = readStream(ctx, n.c.cfg, counting.Results, func(key string, r counting.Result) {
		a := of(key)
		a.results[r.Number]++
		want := a.counts[r.Number]
		if len(want) == 0 && v.inputLost && !v.exactlyOnce {
			return // of a record that was lost before its offset was committed: at least once does not take an output back
		}
		if len(want) == 0 || r.Count < want[0] || v.exactlyOnce && !slices.Contains(want, r.Count) {
			v.Tables.addf("the result of %s, number %d, counts %d, not %d", key, r.Number, r.Count, want)
		}
	})
	if err != nil {
		return err
	}
	rows := map[string]counting.Row{}
	err = replay.ReadTable(ctx, n.c.cfg, counting.Rows, func(view *topology.View[string, counting.Row]) error {
		for e, err := range view.All() {
			if err != nil {
				return err
			}
			rows[e.Key] = e.Value
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(accounts)) {
		accounts[key].judge(v, key, rows[key])
	}
	return nil
}

// judge compares a row and the results of a key with its records.
func (a *account) judge(v *Verdict, key string, row counting.Row) {
	for _, number := range slices.Sorted(maps.Keys(a.counts)) {
		switch times, want := a.results[number], len(a.counts[number]); {
		case times < want:
			v.Lost.addf("the result of %s, number %d", key, number)
		case times > want:
			v.Twice.addf("the result of %s, number %d, came %d times", key, number, times)
		}
	}
	// Records that were counted again are known as repeats; without them the row is the one that has to be.
	again := row.Repeats - a.want.Repeats
	if again > 0 {
		v.Twice.N += int(again) - 1
		v.Twice.addf("%d records of %s were counted again", again, key)
	}
	row.Repeats -= again
	row.Count -= again
	if row != a.want {
		v.Tables.addf("%s has %+v besides %d repeats, not %+v", key, row, again, a.want)
	}
}

// readStream reads all that there is of a stream, in order in each partition.
func readStream[V any](ctx context.Context, cfg topology.Config, s topology.Stream[string, V], each func(key string, value V)) error {
	to, err := topology.Ends(ctx, cfg, s)
	if err != nil {
		return err
	}
	return topology.Read(ctx, cfg, s, nil, to, func(_ context.Context, r *topology.Record[string, V]) error {
		each(r.Key, r.Value)
		return nil
	})
}
