package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/eddystream/eddy/topology/internal/cache"
	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// Many rows at once are what they are one by one: of own tables, joins and lookups, on disk, with caches that have some of them, and rows
// that the batch has written.
func TestGetManyIsGet(t *testing.T) {
	t.Parallel()
	const rows, partitions = 400, 3
	seed := uint64(time.Now().UnixNano())
	b := setup(t)
	p := asker(nil)
	p.Inputs[0].Handle = func(_ context.Context, t kernel.Task, m *kernel.Message) error {
		rng := rand.New(rand.NewPCG(seed, uint64(m.Offset)<<8|uint64(t.Partition()))) // partitions run side by side
		for i, table := range []kernel.Reader{t.Own(), t.Join(0), t.Lookup(0), t.Store(0)} {
			if own, ok := table.(kernel.Rows); ok && rng.IntN(2) == 0 {
				if err := own.Set(m.Key, rng.IntN(1000)); err != nil {
					return err
				}
			}
			keys := [][]byte{m.Key}
			for range rng.IntN(40) {
				if key := []byte("k" + strconv.Itoa(rng.IntN(rows+50))); i == 2 || cluster.Partition(key, partitions) == t.Partition() {
					keys = append(keys, key) // a lookup has those of all partitions
				}
			}
			found, err := table.GetMany(keys)
			if err != nil {
				return err
			}
			for n, key := range keys {
				row, ok, err := table.Get(key)
				if err != nil || found[n] != (kernel.Found{Value: row, OK: ok}) {
					return fmt.Errorf("seed %d: table %d, row %s: %v, where Get has %v, %t: %w", seed, i, key, found[n], row, ok, err)
				}
			}
		}
		return nil
	}
	k := only(p)
	b.topics(k, partitions)
	for i := range rows {
		key := "k" + strconv.Itoa(i)
		for j, table := range []string{"test-asker-table", "joined", "looked-up", "test-asker-more-changelog"} {
			b.produce(keyed(table, partitions, key, strconv.Itoa(i*(j+1))))
		}
	}
	db, err := store.Open(store.Options{Dir: t.TempDir(), Name: "many"})
	b.check(err)
	defer db.Close()
	r := b.start(k, on(db), func(o *engine.Options) { o.Memory.Rows = cache.NewBudget(20_000) }).started()
	for i := range 60 {
		b.produce(keyed("in", partitions, "k"+strconv.Itoa(i*7%rows), ""))
	}
	r.settle()
	b.check(r.stop())
}
