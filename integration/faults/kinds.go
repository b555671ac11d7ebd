//go:build unix

package faults

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// kind is a kind of schedules.
type kind struct {
	name      string
	workers   int // 0: 2
	spare     int // of the workers, not started at first
	brokers   int // 0: 1
	copies    int // of topics; 0: the default
	secure    bool
	small     bool     // disks
	pipelines []string // none: all
	prepare   func(context.Context, *Run) error
	// forgive says which words a worker may end with by itself; nil: none.
	forgive func(*Worker, string) bool
	// loses says that logs lose something. All is right in the end nevertheless, or a worker ends and says so.
	loses bool
	// refuses says that a worker has to.
	refuses bool
	// remedy is what the worker says can be done; nil: nothing that leaves what is to be judged.
	remedy func(context.Context, *Run) error
	draw   func(*dice) []Step
}

// kinds are those of which [Draw] draws.
func kinds() []kind {
	return []kind{
		{name: "kill-kept", draw: times(3, func(d *dice) []Step { return d.step(Step{Fault: "kill", Who: d.one(), What: kept}) })},
		{name: "kill-wiped", draw: times(2, func(d *dice) []Step { return d.step(Step{Fault: "kill", Who: d.one(), What: wiped}) })},
		{name: "kill-late", workers: 3, draw: times(2, func(d *dice) []Step {
			return d.step(Step{Fault: "die", Who: d.one(), What: d.of(kept, wiped), More: d.records(0, 3000)})
		})},
		{name: "kill-all", workers: 3, draw: times(2, func(d *dice) []Step {
			return d.step(Step{Fault: "kill", Who: d.all(), What: d.of(kept, wiped, oneWiped)})
		})},
		{name: "crash", draw: crashes},
		{name: "zombie", workers: 2, draw: func(d *dice) []Step { return d.late(Step{Fault: "pause", Who: d.one()}) }},
		{name: "zombie-again", workers: 3, draw: times(2, func(d *dice) []Step { return d.step(Step{Fault: "pause", Who: d.one(), More: d.records(0, 1000)}) })},
		{name: "stall", draw: func(d *dice) []Step { return d.late(Step{Fault: "stall", Who: d.one()}) }},
		{name: "heartbeats", workers: 3, draw: times(2, func(d *dice) []Step {
			return d.step(Step{Fault: "stall", Who: d.one(), What: heartbeats, More: d.records(0, 1000)})
		})},
		{name: "cut", draw: func(d *dice) []Step { return d.late(Step{Fault: "cut", Who: d.one()}) }},
		{name: "flap", draw: times(3, weak)},
		{name: "rolling", workers: 3, draw: rolling},
		{name: "cascade", workers: 4, spare: 2, draw: cascade},
		{name: "broker-kill", draw: times(2, func(d *dice) []Step { return d.step(Step{Fault: "broker-kill", Who: []int{0}}) })},
		{name: "broker-down", draw: func(d *dice) []Step { return d.step(Step{Fault: "broker-kill", Who: []int{0}, For: time.Minute}) }},
		{name: "broker-pause", draw: func(d *dice) []Step {
			return d.step(Step{Fault: "broker-pause", Who: []int{0}, For: d.seconds(7, 15)})
		}},
		{name: "brokers-rolling", brokers: 3, draw: brokersRolling},
		{name: "lost-tail", loses: true, draw: lostTail},
		{name: "lost-input", loses: true, pipelines: []string{Counting}, draw: func(d *dice) []Step { return d.tail(tailOfInput) }},
		{name: "unclean", brokers: 3, copies: 2, loses: true, prepare: allowUnclean, draw: unclean},
		{name: "disk-full", small: true, draw: func(d *dice) []Step { return d.step(Step{Fault: "disk-full", Who: d.one()}) }},
		{name: "store-gone", draw: func(d *dice) []Step {
			return d.step(Step{Fault: "store-gone", Who: d.one(), For: d.seconds(1, 20)})
		}},
		{name: "store-damage", forgive: namesItsStore, draw: times(2, func(d *dice) []Step {
			return d.step(Step{Fault: "store-damage", Who: d.one(), What: d.of(damagedManifest, damagedTables, damagedTable)})
		})},
		{name: "table-gone", loses: true, refuses: true, remedy: restore, draw: func(d *dice) []Step { return d.step(Step{Fault: "table-gone", Who: d.all()}) }},
		{name: "table-deleted", loses: true, refuses: true, draw: func(d *dice) []Step { return d.step(Step{Fault: "table-deleted", Who: d.all()}) }},
		{name: "table-emptied", loses: true, refuses: true, remedy: restore, draw: func(d *dice) []Step { return d.step(Step{Fault: "table-emptied", Who: d.all()}) }},
		{name: "expired", loses: true, refuses: true, draw: func(d *dice) []Step { return d.step(Step{Fault: "expired", Who: d.all()}) }},
		{name: "grown", loses: true, draw: func(d *dice) []Step { return d.step(Step{Fault: "grown"}) }},
		{name: "rights", secure: true, draw: rights},
		{name: "mix", workers: 3, draw: times(4, mixed)},
	}
}

// kindNamed returns the kind of that name. Beside those that are drawn there is "none", where nothing is done.
func kindNamed(name string) (kind, error) {
	if name == "none" {
		return kind{name: name, draw: func(d *dice) []Step { return []Step{{Fault: "nothing", After: d.records(10_000, 10_000)}} }}, nil
	}
	for _, k := range kinds() {
		if k.name == name {
			return k, nil
		}
	}
	return kind{}, fmt.Errorf("no kind of schedules %q", name)
}

// times draws as often.
func times(n int, draw func(*dice) []Step) func(*dice) []Step {
	return func(d *dice) []Step {
		var steps []Step
		for range n {
			steps = append(steps, draw(d)...)
		}
		return steps
	}
}

// crashes has workers kill themselves behind each step of a commit.
func crashes(d *dice) []Step {
	var steps []Step
	for _, at := range commitSteps(d.delivery) {
		steps = append(steps, d.step(Step{Fault: "crash", Who: d.one(), What: fmt.Sprintf("%s:%d", at, d.number(1, 12))})...)
	}
	return steps
}

// weak draws a network that is cut again and again, or slow.
func weak(d *dice) []Step {
	if d.random.IntN(3) == 0 {
		return d.step(Step{Fault: "slow", Who: d.some(), For: d.seconds(1, 8)})
	}
	return d.step(Step{Fault: "flap", Who: d.some(), What: strconv.Itoa(d.number(3, 9))})
}

// mixed draws one of what may happen to processes, networks and brokers without harm.
func mixed(d *dice) []Step {
	all := []Step{
		{Fault: "kill", Who: d.some(), What: d.of(kept, wiped)},
		{Fault: "die", Who: d.one(), What: d.of(kept, wiped), More: d.records(0, 1000)},
		{Fault: "pause", Who: d.one(), More: d.records(0, 1000)},
		{Fault: "pause", Who: d.all(), For: d.seconds(7, 10)},
		{Fault: "stall", Who: d.one(), What: d.of("", heartbeats), More: d.records(0, 1000)},
		{Fault: "cut", Who: d.one(), More: d.records(0, 1000)},
		{Fault: "cut", Who: d.all(), For: d.seconds(1, 10)},
		{Fault: "flap", Who: d.some(), What: strconv.Itoa(d.number(3, 6))},
		{Fault: "slow", Who: d.some(), For: d.seconds(1, 4)},
		{Fault: "stop", Who: d.one()},
		{Fault: "broker-kill", Who: []int{0}, For: d.seconds(0, 3)},
		{Fault: "broker-pause", Who: []int{0}, For: d.seconds(1, 8)},
	}
	return d.step(all[d.random.IntN(len(all))])
}

// rolling restarts one worker after the other.
func rolling(d *dice) []Step {
	var steps []Step
	for i := range d.workers {
		steps = append(steps, d.step(Step{Fault: "stop", Who: []int{i}})...)
	}
	return steps
}

// cascade lets workers join and leave, each before the partitions have come to rest.
func cascade(d *dice) []Step {
	steps := []Step{
		{Fault: "join", Who: []int{2}},
		{Fault: "join", Who: []int{3}},
		{Fault: "leave", Who: []int{d.number(0, 1)}},
		{Fault: "leave", Who: []int{2}},
		{Fault: "join", Who: []int{2}},
	}
	for i := range steps {
		steps[i].After, steps[i].Hasty = d.records(0, 3000), true
	}
	return steps
}

// brokersRolling kills one broker after the other, each for some time.
func brokersRolling(d *dice) []Step {
	var steps []Step
	for _, i := range d.random.Perm(d.brokers) {
		steps = append(steps, d.step(Step{Fault: "broker-kill", Who: []int{i}, For: d.seconds(0, 6)})...)
	}
	return steps
}

// lostTail draws what loses its tail. Committed offsets that are lost repeat what they stood for: nobody can know, so that is for at least once.
func lostTail(d *dice) []Step {
	what := []string{tailOfTable}
	if d.pipeline == Wiki {
		what = append(what, tailOfStream)
	}
	if d.delivery == AtLeastOnce {
		what = append(what, tailOfOffsets)
	}
	return d.tail(d.of(what...))
}

// unclean kills a broker, then another one that has written on alone.
func unclean(d *dice) []Step {
	who := d.random.Perm(d.brokers)[:2]
	return []Step{
		{Fault: "broker-lost", Who: who[:1], After: d.records(500, 5000), Hasty: true},
		{Fault: "unclean", Who: who, After: d.records(500, 5000), For: d.seconds(3, 10)},
	}
}

// rights draws which right is taken away.
func rights(d *dice) []Step {
	what := []string{readInput, writeOutput, readTable, writeTable, joinGroup}
	if d.delivery == ExactlyOnce {
		what = append(what, transact)
	}
	return d.step(Step{Fault: "rights", What: d.of(what...)})
}
