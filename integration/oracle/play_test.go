package oracle

import (
	"errors"
	"flag"
	"testing"

	"github.com/eddystream/eddy/internal/simwiki"
)

var (
	seedFlag  = flag.Uint64("oracle.seed", 0, "play only this seed")
	seedsFlag = flag.Int("oracle.seeds", 300, "how many seeds each scenario plays")
)

func seeds() (first, last uint64) {
	if *seedFlag != 0 {
		return *seedFlag, *seedFlag
	}
	return 1, uint64(*seedsFlag)
}

var scenarios = []Scenario{
	{Listing: simwiki.Complete, Repeat: 10},
	{Listing: simwiki.Direct, Repeat: 10},
	{Listing: simwiki.Own, Repeat: 10},
	{Listing: simwiki.Complete, Calm: true, Steps: 25},
	{Listing: simwiki.Direct, Calm: true, Steps: 25},
}

// The scenarios are playable: a system that asks for all that may be stale passes them.
func TestPlayNaive(t *testing.T) {
	t.Parallel()
	for _, sc := range scenarios {
		t.Run(sc.String(), func(t *testing.T) {
			t.Parallel()
			first, last := seeds()
			for seed := first; seed <= last; seed++ {
				tape := NewTape(seed)
				if err := Play(t.Context(), sc, tape, newNaive("")); err != nil {
					report(t, sc, seed, tape, err, func() System { return newNaive("") })
				}
			}
		})
	}
}

// report fails the test with the smallest scenario that still fails, and how to repeat it.
func report(t *testing.T, sc Scenario, seed uint64, tape *Tape, err error, system func() System) {
	t.Helper()
	var failure *Failure
	if !errors.As(err, &failure) {
		t.Fatalf("seed %d: %v", seed, err)
	}
	Shrink(tape.Numbers(), 3000, func(numbers []int) bool {
		var f *Failure
		if errors.As(Play(t.Context(), sc, Replay(numbers), system()), &f) && f.Invariant == failure.Invariant {
			failure = f
			return true
		}
		return false
	})
	t.Fatalf("repeat with: go test ./integration/oracle -run '%s' -oracle.seed=%d\n%v", t.Name(), seed, failure)
}

// What the scenarios are to find, they find.
func TestPlayFindsMutants(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		flaw     string
		scenario Scenario
		breaks   string
	}{
		{"tie", Scenario{Listing: simwiki.Complete}, "fresh"},
		{"tie", Scenario{Listing: simwiki.Direct}, "fresh"},
		{"away", Scenario{Listing: simwiki.Complete}, "fresh"},
		{"hop", Scenario{Listing: simwiki.Direct}, "fresh"},
		{"existence", Scenario{Listing: simwiki.Own}, "fresh"},
		{"eager", Scenario{Listing: simwiki.Complete, Calm: true}, "blind"},
	} {
		t.Run(tt.flaw+" "+tt.scenario.String(), func(t *testing.T) {
			t.Parallel()
			for seed := uint64(1); seed < 500; seed++ {
				err := Play(t.Context(), tt.scenario, NewTape(seed), newNaive(tt.flaw))
				if f, ok := errors.AsType[*Failure](err); ok {
					if f.Invariant != tt.breaks {
						t.Errorf("seed %d breaks %q, want %q", seed, f.Invariant, tt.breaks)
					}
					t.Logf("found by seed %d", seed)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			t.Error("500 scenarios do not find it")
		})
	}
}
