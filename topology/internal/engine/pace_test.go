package engine

import (
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what    string
		records int
		took    time.Duration
		dry     bool
		want    time.Duration
	}{
		{"a lone record", 1, 20 * time.Millisecond, true, 0},
		{"as many as a small cascade brings", fewRecords, time.Millisecond, true, 0},
		{"a commit that took long", 1, 20 * time.Millisecond, false, 60 * time.Millisecond},
		{"a broker that is slow", 1, 5 * time.Second, false, costlyRest},
		{"a burst", fewRecords + 100, 0, false, 50 * time.Millisecond},
		{"load", 10_000, time.Millisecond, false, loadedRest},
		{"load, and no record waits", 10_000, time.Millisecond, true, dryRest},
	} {
		if got := rest(c.records, c.took, c.dry); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}

// Where records come faster than one in restPerRecord, a batch brings a longer one, and where they do not, a shorter one.
func TestPaceFollowsLoad(t *testing.T) {
	t.Parallel()
	after := func(commits int, perSecond float64) int {
		records := 500
		for range commits {
			records = int(perSecond * rest(records, 0, false).Seconds())
		}
		return records
	}
	if n := after(10, 9000); n != 9000 {
		t.Errorf("with 9,000 records a second a batch has %d", n)
	}
	if n := after(10, 1000); n > fewRecords {
		t.Errorf("with 1,000 records a second a batch has %d", n)
	}
}
