package oracle

import (
	"errors"
	"flag"
	"fmt"
	"testing"

	"github.com/eddystream/eddy/integration/simwiki"
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
}

// The scenarios are playable: a system that asks for all that may be stale passes them.
func TestPlayNaive(t *testing.T) {
	t.Parallel()
	for _, sc := range scenarios {
		t.Run(sc.Listing.String(), func(t *testing.T) {
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
		flaw    string
		listing simwiki.Listing
	}{{"tie", simwiki.Complete}, {"tie", simwiki.Direct}, {"away", simwiki.Complete}, {"hop", simwiki.Direct}, {"existence", simwiki.Own}} {
		t.Run(fmt.Sprint(tt.flaw, " ", tt.listing), func(t *testing.T) {
			t.Parallel()
			for seed := uint64(1); seed < 500; seed++ {
				err := Play(t.Context(), Scenario{Listing: tt.listing}, NewTape(seed), newNaive(tt.flaw))
				var f *Failure
				if errors.As(err, &f) {
					if f.Invariant != "fresh" {
						t.Errorf("seed %d breaks %q, want \"fresh\"", seed, f.Invariant)
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
