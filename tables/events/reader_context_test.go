package events_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/eddystream/eddy/tables/events"
)

// endless is a line without an end; it calls off its own reading.
type endless struct {
	stop context.CancelFunc
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.read += len(p); e.read > 1<<20 {
		e.stop()
	}
	clear(p)
	return len(p), nil
}

// Reading ends with its context, also within a line.
func TestReadingHeedsItsContext(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r, err := events.Uncompress(ctx, "in", &endless{stop: stop})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range r.Events() {
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
}

// A file that would need a great window, which is memory, is refused, and it is said what to do.
func TestGreatWindow(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "great.ndjson.zst")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewWriter(f, zstd.WithWindowSize(1<<29), zstd.WithSingleSegment(false), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(z, zeros{}, 1<<20); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := events.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, err := range r.Events() {
		if !errors.Is(err, events.ErrFile) || !strings.Contains(err.Error(), "window") {
			t.Error(err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
