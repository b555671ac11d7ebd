package changelog

import (
	"fmt"
	"testing"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// What is deleted while the end of a log is looked for, as a loop is behind its processor, is passed over.
func TestEndOfLogThatIsPurgedMeanwhile(t *testing.T) {
	t.Parallel()
	b := setup(t, 1)
	for i := range 20 {
		b.put(0, fmt.Sprint("k", i), "v")
	}
	if err := b.client.Purge(t.Context(), topic, map[int32]int64{0: 10}); err != nil {
		t.Fatal(err)
	}
	tp := kernel.TopicPartition{Topic: topic}
	for _, tt := range []struct{ from, to, last int64 }{{3, 20, 19}, {3, 8, -1}, {3, 10, -1}, {3, 11, 10}} {
		last, err := b.reader.lastRecord(t.Context(), tp, tt.from, tt.to)
		if err != nil || last != tt.last {
			t.Errorf("last record of %d to %d: %d, %v; want %d", tt.from, tt.to, last, err, tt.last)
		}
		empty, err := b.reader.Empty(t.Context(), topic, 0, tt.from, tt.to)
		if err != nil || empty != (tt.last < 0) {
			t.Errorf("%d to %d empty: %t, %v", tt.from, tt.to, empty, err)
		}
	}
}
