package pack

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A time of any year is read as it is in the log, from what the client makes of it.
func TestTimesOutsideOfNanoseconds(t *testing.T) {
	t.Parallel()
	for _, year := range []int{1, 1600, 1677, 1970, 2262, 2300, 9999} {
		want := time.Date(year, 12, 31, 23, 59, 59, int(time.Millisecond), time.UTC)
		if got := exactTime(time.Unix(0, want.UnixMilli()*1_000_000)); !got.Equal(want) {
			t.Errorf("%s was read as %s", want, got.UTC())
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(-9_000_000_000_000, 9_000_000_000_000).Draw(t, "milliseconds") // what nanoseconds hold
		if got := exactTime(time.Unix(0, ms*1_000_000)); got.UnixMilli() != ms {
			t.Fatalf("%d was read as %d", ms, got.UnixMilli())
		}
	})
}
