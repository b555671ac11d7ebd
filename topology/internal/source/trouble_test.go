package source_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/source"
)

// A log that lost its tail is what it was before, and the offset where it ends now is the next one of whoever had processed all that is left.
func TestLostBehind(t *testing.T) {
	t.Parallel()
	truncated := fmt.Errorf("fetch: %w", &kgo.ErrDataLoss{Topic: "in", ConsumedTo: 131, ResetTo: 130})
	for _, c := range []struct {
		err          error
		offset       int64
		lost, behind bool
	}{
		{truncated, 129, true, true},
		{truncated, 130, true, true},
		{truncated, 131, true, false},
		{kerr.OffsetOutOfRange, 129, true, false}, // what is in the log may be other records
		{errors.New("broken"), 129, false, false},
	} {
		if lost, behind := source.Lost(c.err), source.LostBehind(c.err, c.offset); lost != c.lost || behind != c.behind {
			t.Errorf("%v at offset %d: lost %t, behind it %t", c.err, c.offset, lost, behind)
		}
	}
}
