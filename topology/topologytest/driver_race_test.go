package topologytest_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// An employee moves between teams, and each team tells the employee's desk: the old one that the employee has gone, the new one that the
// employee has come. What the teams say comes through two partitions, in any order.

// move is what is said of an employee: by number, the later the greater.
type move struct {
	Employee, Team string
	Number         int64
	Gone           bool
}

var (
	moves   = codecs.JSON[move]()
	hirings = topology.NewStream("hirings", text, text) // employee → team
	members = topology.NewStream("members", text, moves)
	seats   = topology.NewStream("seats", text, moves)
)

// desks is the join. A desk that is ordered takes what was said last of an employee, whatever comes last.
func desks(t *testing.T, ordered bool) (*topology.Topology, topology.State[string, move]) {
	t.Helper()
	var desk topology.State[string, move]
	return build(t, func(b *topology.Builder) {
		p := topology.AddProcessor(b, "staff", text)
		staff, out := topology.Persist(p, moves), topology.Output(p, members)
		topology.Input(p, hirings).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
			old, had, err := staff.Get(r)
			if err != nil {
				return err
			}
			now := move{Employee: r.Key, Team: r.Value, Number: old.Number + 1}
			if had {
				gone := move{Employee: r.Key, Team: old.Team, Number: now.Number, Gone: true}
				if err := out.Emit(r, old.Team, gone); err != nil {
					return err
				}
			}
			return errors.Join(out.Emit(r, now.Team, now), staff.Set(r, now))
		})

		p = topology.AddProcessor(b, "teams", text)
		said := topology.Output(p, seats)
		topology.Input(p, members).Handle(func(_ context.Context, r *topology.Record[string, move]) error {
			return said.Emit(r, r.Value.Employee, r.Value)
		})

		p = topology.AddProcessor(b, "desks", text)
		desk = topology.Persist(p, moves)
		topology.Input(p, seats).Handle(func(_ context.Context, r *topology.Record[string, move]) error {
			m := r.Value
			if ordered {
				at, _, err := desk.Get(r)
				if err != nil || m.Number < at.Number || m.Gone && m.Number == at.Number {
					return err
				}
			} else if m.Gone {
				return desk.Delete(r)
			}
			return desk.Set(r, m)
		})
	}), desk
}

// misplaced lists the employees who are not at the desk of their last team.
func misplaced(t *testing.T, ordered bool, opts ...topologytest.DriverOption) (list []string) {
	t.Helper()
	topo, desk := desks(t, ordered)
	d := topologytest.New(t, topo, opts...)
	in := topologytest.Input(d, hirings)
	last := map[string]string{}
	for _, team := range []string{"red", "green", "blue", "white"} {
		for _, employee := range []string{"Ada", "Bob", "Cleo"} {
			in.Queue(employee, team)
			last[employee] = team
		}
	}
	d.Settle()
	for employee, team := range last {
		if m, ok := topologytest.Value(d, desk.Table(), employee); !ok || m.Gone || m.Team != team {
			list = append(list, employee)
		}
	}
	slices.Sort(list)
	return list
}

// Among several partitions the driver finds the race, and only where there is one.
func TestRaceBetweenPartitions(t *testing.T) {
	t.Parallel()
	const seeds = 10
	for name, test := range map[string]struct {
		ordered bool
		opts    []topologytest.DriverOption
		races   bool
	}{
		"racy":                   {races: true},
		"racy, in batches":       {opts: []topologytest.DriverOption{topologytest.Batch(3)}, races: true},
		"racy, exactly once":     {opts: []topologytest.DriverOption{topologytest.Delivery(topology.ExactlyOnce)}, races: true},
		"racy, one partition":    {opts: []topologytest.DriverOption{topologytest.Partitions(1)}},
		"ordered":                {ordered: true},
		"ordered, with crashes":  {ordered: true, opts: []topologytest.DriverOption{topologytest.Batch(3), topologytest.Crashes(0.2)}},
		"ordered, 16 partitions": {ordered: true, opts: []topologytest.DriverOption{topologytest.Partitions(16)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wrong := 0
			for seed := range uint64(seeds) {
				opts := append(slices.Clone(test.opts), topologytest.Interleave(seed))
				list := misplaced(t, test.ordered, opts...)
				if len(list) > 0 {
					wrong++
				}
				if again := misplaced(t, test.ordered, opts...); !slices.Equal(list, again) {
					t.Errorf("seed %d: %v, and then %v", seed, list, again)
				}
			}
			if test.races != (wrong > 0) {
				t.Errorf("%d of %d seeds end with a wrong desk", wrong, seeds)
			}
		})
	}
	if list := misplaced(t, false); len(list) > 0 {
		t.Errorf("in order, %v are not at their desks", list)
	}
}
