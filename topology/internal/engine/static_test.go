package engine_test

import (
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/eddystream/eddy/topology/internal/engine"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/store"
)

// worker is a static member of the counter's group, with a disk that outlives its runs.
type worker struct {
	*run

	name string
	db   *store.DB
	told chan struct{} // at each change of its partitions

	mu       sync.Mutex
	assigned []int32 // by its latest assignment
	others   int     // assignments of other partitions than the one before
	loaded   int64   // rows that were read from Kafka
}

func (b *bundle) newWorker(name string) *worker {
	w := &worker{name: name, db: store.OpenMemory(), told: make(chan struct{}, 1000)}
	b.t.Cleanup(func() { b.check(w.db.Close()) })
	return w
}

func (w *worker) start(b *bundle) {
	b.t.Helper()
	p, _ := counter()
	w.run = b.start(only(p), on(w.db), func(o *engine.Options) {
		o.Instance, o.Static = w.name, true
		o.Observer.Assigned = func(i kernel.AssignedInfo) {
			w.mu.Lock()
			defer w.mu.Unlock()
			partitions := slices.Sorted(slices.Values(i.Partitions))
			if !slices.Equal(partitions, w.assigned) {
				w.others++
			}
			w.assigned = partitions
			w.told <- struct{}{}
		}
		o.Observer.Recovered = func(i kernel.RecoveredInfo) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.loaded += i.Records
		}
	}).started()
}

// has returns the worker's partitions, how often they were others than before, and how many rows it had to load.
func (w *worker) has() (partitions []int32, others int, loaded int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.assigned, w.others, w.loaded
}

// One of three static members is restarted, in order or by force, while records come: it gets the partitions that it had, and no
// partition of the others moves, so that they have nothing to load.
//
// Kafka does not even have the others join again. The embedded broker does, because what the member says of its partitions is not what it
// said before; each then gets what it had. That nothing is revoked on a Kafka is tested with processes: TestRestartMovesNothing in
// integration/faults.
func TestRestartOfStaticMemberMovesNothing(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*worker) error{
		"stopped": func(w *worker) error { return w.stop() },
		"killed":  func(w *worker) error { w.crash(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			const partitions = 9
			p, _ := counter()
			b.topics(only(p), partitions)
			workers := []*worker{b.newWorker("a"), b.newWorker("b"), b.newWorker("c")}
			for _, w := range workers {
				w.start(b)
			}
			for _, w := range workers {
				for {
					if has, _, _ := w.has(); len(has) == partitions/len(workers) {
						break
					}
					await(t, w.told)
				}
			}
			sent := 0
			burst := func() {
				for i := range 4 * partitions {
					b.produce(keyed("in", partitions, strconv.Itoa(i), ""))
				}
				sent++
			}
			settle := func() {
				for _, w := range workers {
					w.settle()
				}
			}
			burst()
			settle()
			for _, restarted := range workers {
				type state struct {
					partitions []int32
					others     int
					loaded     int64
				}
				before := map[*worker]state{}
				for _, w := range workers {
					var s state
					s.partitions, s.others, s.loaded = w.has()
					before[w] = s
				}
				b.check(end(restarted))
				groups, err := b.admin.DescribeGroups(b.ctx, p.Group)
				b.check(err)
				if g := groups[p.Group]; g.State != "Stable" || len(g.Members) != len(workers) {
					t.Errorf("while %s is away the group is %s and has %d members", restarted.name, g.State, len(g.Members))
				}
				burst()
				restarted.start(b)
				burst()
				settle()
				for _, w := range workers {
					was := before[w]
					has, others, loaded := w.has()
					if !slices.Equal(has, was.partitions) || others != was.others {
						t.Errorf("the restart of %s gave %s the partitions %v, in %d steps; before they were %v", restarted.name, w.name, has, others-was.others, was.partitions)
					}
					if w != restarted && loaded != was.loaded {
						t.Errorf("the restart of %s had %s load %d rows", restarted.name, w.name, loaded-was.loaded)
					}
				}
			}
			counted := fold(b.read("test-counter-table"))
			for i := range 4 * partitions {
				// A kill may lose offsets of what is counted: then it is counted again.
				n, err := strconv.Atoi(counted[strconv.Itoa(i)])
				if err != nil || n < sent || name == "stopped" && n != sent {
					t.Errorf("key %d was counted %q times of %d", i, counted[strconv.Itoa(i)], sent)
				}
			}
			for _, w := range workers {
				b.check(w.stop())
			}
		})
	}
}
