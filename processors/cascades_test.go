package processors_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology/topologytest"
)

// A cascade that one row has no room for runs its course: it is complete when all is answered, every chunk hears of its end, late pages are counted once; then
// its messages are forgotten, and in the end all of it. Crashes change nothing of that.
func TestCourseOfALargeCascade(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("crashes %d", seed), func(t *testing.T) {
			t.Parallel()
			largeCascade(t, topologytest.Interleave(seed), topologytest.Batch(4), topologytest.Crashes(0.1))
		})
	}
	t.Run("in order", func(t *testing.T) {
		t.Parallel()
		largeCascade(t)
	})
}

func largeCascade(t *testing.T, opts ...topologytest.DriverOption) {
	t.Helper()
	const pages, room, keep = 60, 2, 48 * time.Hour
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // as the driver's clock
	b := setup(t, processors.Options{
		InlineEdges: 1, WalkChunks: 1, ChunkWidth: 10, CascadeEntries: room, KeepCascades: keep, Now: func() time.Time { return now },
	}, opts...)
	b.page(1, 1, "Template:T", nil)
	for i := int64(1); i <= pages; i++ {
		b.page(2, i*1024, fmt.Sprint("P", i), uses{"Template:T@1.1"})
	}
	change := b.change(events.Edit, 5, 1, "Template:T", 10)
	b.render(5, 1, "Template:T", 10, "other", nil)
	if row := b.cascade(change); row.Phase != tables.PhaseExpanded || row.Asked != pages || row.Outstanding != pages {
		t.Errorf("before any answer: %s, asked %d, outstanding %d", row.Phase, row.Asked, row.Outstanding)
	}
	b.bounded(room)
	if chunks, messages := b.parts(); chunks == 0 || messages == 0 {
		t.Errorf("%d parts of chunks, %d of messages", chunks, messages)
	}
	for i := int64(1); i <= pages; i++ {
		if row := b.cascade(change); row.Phase.Final() {
			t.Fatalf("%s before page %d has answered", row.Phase, i)
		}
		b.render(6, i*1024, fmt.Sprint("P", i), i*1024, "", uses{"Template:T@1.10"})
	}
	const late = 30*1024 + 1 // in a chunk that is in a part
	b.page(4, late, "Late", uses{"Template:T@1.1"})
	if row := b.cascade(change); row.Phase != tables.PhaseComplete || row.Asked != pages+1 || row.Late != 1 || row.Outstanding != 0 {
		t.Errorf("in the end: %s, asked %d, late %d, outstanding %d", row.Phase, row.Asked, row.Late, row.Outstanding)
	}
	b.nothingOpen()
	b.bounded(room)
	b.driver.Restart()
	now = now.Add(2 * time.Hour)
	b.driver.Advance(2 * time.Hour)
	if chunks, messages := b.parts(); chunks == 0 || messages > 0 {
		t.Errorf("two hours later: %d parts of chunks, %d of messages", chunks, messages)
	}
	b.cascade(change)
	now = now.Add(keep)
	b.driver.Advance(keep)
	chunks, messages := b.parts()
	if rows := topologytest.Rows(b.driver, tables.Cascades); len(rows)+chunks+messages > 0 {
		t.Errorf("two days later: %d rows, %d parts of chunks, %d of messages", len(rows), chunks, messages)
	}
}

// parts returns how many parts of cascades there are.
func (b *bench) parts() (chunks, messages int) {
	for _, e := range topologytest.Rows(b.driver, tables.CascadeParts) {
		if e.Key.Second >= tables.MessageParts {
			messages++
		} else {
			chunks++
		}
	}
	return chunks, messages
}

// bounded reports rows with too many entries.
func (b *bench) bounded(room int) {
	b.t.Helper()
	for _, e := range topologytest.Rows(b.driver, tables.Cascades) {
		if r := e.Value; len(r.Messages) > room || len(r.Chunks) > room || len(r.MessageParts) > 64 || len(r.ChunkParts) > 64 {
			b.t.Errorf("cascade %s has %d messages, %d chunks, %d and %d sums", e.Key, len(r.Messages), len(r.Chunks), len(r.MessageParts), len(r.ChunkParts))
		}
	}
	for _, e := range topologytest.Rows(b.driver, tables.CascadeParts) {
		if p := e.Value; len(p.Messages) > room || len(p.Chunks) > room || len(p.Parts) > 64 {
			b.t.Errorf("part %s has %d messages, %d chunks, %d sums", e.Key.Second, len(p.Messages), len(p.Chunks), len(p.Parts))
		}
	}
}
