//go:build unix

package faults

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A seed always draws the same schedule, and seeds that follow on each other draw all kinds with both deliveries, and both pipelines.
func TestDraw(t *testing.T) {
	t.Parallel()
	const first = 12_345
	drawn, pipelines := map[string]int{}, map[string]int{}
	for seed := uint64(first); seed < first+uint64(Schedules()); seed++ {
		s := Draw(seed)
		if again := Draw(seed); s.String() != again.String() {
			t.Errorf("two draws of one seed:\n%s\n%s", s, again)
		}
		drawn[s.Kind+" "+s.Delivery]++
		pipelines[s.Pipeline]++
	}
	for _, k := range Kinds() {
		for _, d := range []string{AtLeastOnce, ExactlyOnce} {
			if n := drawn[k+" "+d]; n != 1 {
				t.Errorf("%s with %s is drawn %d times", k, d, n)
			}
		}
	}
	if pipelines[Wiki] == 0 || pipelines[Counting] == 0 {
		t.Errorf("pipelines %v", pipelines)
	}
	if Draw(first).String() == Draw(first+2*uint64(Schedules())).String() {
		t.Error("two seeds draw the same")
	}
}

// What is drawn can be done: faults are known, and are about workers and brokers that there are.
func TestDrawnSchedulesAreSound(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40 * Schedules()) {
		s := Draw(seed)
		if len(s.Steps) == 0 || s.Spare >= s.Workers {
			t.Errorf("%s", s)
		}
		for _, step := range s.Steps {
			f, known := catalogue()[step.Fault]
			there := s.Workers
			if strings.HasPrefix(step.Fault, "broker-") || step.Fault == "unclean" {
				there = s.Brokers
			}
			for _, i := range step.Who {
				known = known && i < there
			}
			if !known || step.For > 0 && f.end == nil {
				t.Errorf("%s: step %s", s, step)
			}
		}
	}
}

func TestSchedulesSayWhatTheyDo(t *testing.T) {
	t.Parallel()
	s := Schedule{Seed: 7, Kind: "cut", Pipeline: Wiki, Delivery: AtLeastOnce, Workers: 3, Spare: 1, Brokers: 1, Steps: []Step{
		{After: 10, Fault: "cut", Who: []int{0, 2}, More: 5, Rest: true}, {After: 3, Fault: "kill", Who: []int{1}, What: wiped, For: 2e9, Hasty: true},
	}}
	want := `seed 7: cut of wiki, at-least-once, 3 workers (1 of them later), 1 brokers
  after 10 records: cut [0 2], and 5 records more, until all is at rest
  after 3 records: kill [1] (data wiped) for 2s, hastily`
	if diff := cmp.Diff(want, s.String()); diff != "" {
		t.Error(diff)
	}
}
