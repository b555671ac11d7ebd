package events_test

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/eddystream/eddy/tables/events"
)

// spaces are so many of them.
func spaces(n int64) io.Reader { return io.LimitReader(blank{}, n) }

type blank struct{}

func (blank) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// A line has a bound in bytes, and so has what reading it takes; those behind it are read.
func TestLinesAreBounded(t *testing.T) { //nolint:paralleltest // it measures what it allocates
	for name, test := range map[string]struct {
		bytes int64
		long  bool
	}{
		"as long as can be": {events.MaxLine - int64(len(change)), false},
		"one byte longer":   {events.MaxLine - int64(len(change)) + 1, true},
		"many times that":   {8 * events.MaxLine, true},
	} {
		in := io.MultiReader(strings.NewReader("\n"), spaces(test.bytes), strings.NewReader(change+"\r\n"+rendering+"\n"))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var lines []int
		for e, err := range events.NewReader("some.ndjson", in).Events() {
			lines = append(lines, e.Line)
			switch {
			case e.Line == 2 && test.long:
				if _, ok := errors.AsType[*events.LineError](err); !ok || !errors.Is(err, events.ErrLineTooLong) || !strings.HasPrefix(err.Error(), "some.ndjson:2: ") || !strings.Contains(err.Error(), "64 MiB") {
					t.Errorf("%s: %v", name, err)
				}
			case err != nil:
				t.Errorf("%s: %v", name, err)
			}
		}
		runtime.ReadMemStats(&after)
		if len(lines) != 2 || lines[0] != 2 || lines[1] != 3 {
			t.Errorf("%s: lines %v", name, lines)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 3*events.MaxLine {
			t.Errorf("%s: reading it took %d bytes", name, took)
		}
	}
}
