//go:build unix

package faults

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Schedules is how many there are of each kind and delivery: seeds that follow on each other have all of them.
func Schedules() int { return 2 * len(kinds()) }

// Kinds are the names of the kinds of schedules.
func Kinds() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

// Draw draws the schedule of a seed.
func Draw(seed uint64) Schedule {
	all := kinds()
	k := all[seed%uint64(len(all))]
	random := dealt(seed, 3)
	delivery := []string{AtLeastOnce, ExactlyOnce}[seed/uint64(len(all))%2]
	pipelines := k.pipelines
	if len(pipelines) == 0 {
		pipelines = []string{Wiki, Counting}
	}
	return k.schedule(seed, pipelines[random.IntN(len(pipelines))], delivery)
}

// dealt is a source of its own for each use of a seed. Seeds that follow on each other are spread, or they would draw alike.
func dealt(seed, use uint64) *rand.Rand { return rand.New(rand.NewPCG(seed*0x9e3779b97f4a7c15, use)) }

// DrawOf draws a schedule of a kind.
func DrawOf(name string, seed uint64, pipeline, delivery string) (Schedule, error) {
	k, err := kindNamed(name)
	if err != nil {
		return Schedule{}, err
	}
	return k.schedule(seed, pipeline, delivery), nil
}

// schedule draws a schedule of the kind.
func (k kind) schedule(seed uint64, pipeline, delivery string) Schedule {
	s := Schedule{
		Seed: seed, Kind: k.name, Pipeline: pipeline, Delivery: delivery,
		Workers: max(2, k.workers), Spare: k.spare, Brokers: max(1, k.brokers), kind: k,
	}
	s.Steps = k.draw(&dice{
		random: dealt(seed, 4), pipeline: pipeline, delivery: delivery, workers: s.Workers, brokers: s.Brokers,
	})
	return s
}

// config is that of the schedule's cluster.
func (s Schedule) config(cfg Config) Config {
	cfg.Seed, cfg.Pipeline, cfg.Delivery = s.Seed, s.Pipeline, s.Delivery
	cfg.Workers, cfg.Brokers, cfg.Replication, cfg.Secure = s.Workers, s.Brokers, s.kind.copies, s.kind.secure
	if s.kind.small {
		cfg.Small = smallDisk
	}
	if cfg.Forgive == nil {
		cfg.Forgive = s.kind.forgive
	}
	return cfg
}

// dice draws steps.
type dice struct {
	random             *rand.Rand
	pipeline, delivery string
	workers, brokers   int
}

// number draws one of from..to.
func (d *dice) number(from, to int) int { return from + d.random.IntN(to-from+1) }

// countingFaster is how many times as many records the counting pipeline processes in the same time.
const countingFaster = 5

// records draws a number of records, from..to for the wiki.
func (d *dice) records(from, to int) int {
	n := d.number(from, to)
	if d.pipeline == Counting {
		n *= countingFaster
	}
	return n
}

func (d *dice) seconds(from, to int) time.Duration {
	return time.Duration(d.number(1000*from, 1000*to)) * time.Millisecond
}

func (d *dice) of(list ...string) string { return list[d.random.IntN(len(list))] }

// one, some and all are workers.
func (d *dice) one() []int { return []int{d.random.IntN(d.workers)} }

func (d *dice) some() []int {
	return slices.Sorted(slices.Values(d.random.Perm(d.workers)[:d.number(1, d.workers)]))
}

func (d *dice) all() []int {
	list := make([]int, d.workers)
	for i := range list {
		list[i] = i
	}
	return list
}

// step is one step, some time after the one before.
func (d *dice) step(s Step) []Step {
	s.After = d.records(500, 4500)
	return []Step{s}
}

// late is a step that is over when the others have the partitions: at once, after they have worked on, or when they have done all that
// there was to do.
func (d *dice) late(s Step) []Step {
	s.After = d.records(500, 5000)
	switch d.random.IntN(4) {
	case 0:
	case 1:
		s.More = d.records(0, 5000)
	default:
		s.More, s.Rest = d.records(0, 5000), true
	}
	return []Step{s}
}

// tail are steps in which the tail of something is lost, with the workers running or killed.
func (d *dice) tail(what string) []Step {
	lose := Step{Fault: "lose-tail", After: d.records(20, 2000)}
	if d.random.IntN(2) == 0 {
		lose.Who, lose.What = d.all(), kept
	}
	return []Step{{Fault: "mark-tail", What: what, After: d.records(500, 5000), Hasty: true}, lose}
}
