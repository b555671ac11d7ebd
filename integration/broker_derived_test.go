package integration_test

import (
	"testing"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/topology"
)

// The tables are what a batch program makes of the log, whatever the order between pages, and wherever the processors
// were stopped on the way: whether they find their stores again or build them from their changelogs.
func TestDerivedOnBroker(t *testing.T) {
	t.Parallel()
	w := recordedOf(t, "ltg", "siteinfo.json")
	log := readLog(t, w.file)
	small := processors.Options{Sites: w.sites, InlineEdges: 8, WalkChunks: 2, ChunkWidth: 10, CascadeEntries: 2}

	for seed := range uint64(2) {
		t.Run("in another order", func(t *testing.T) {
			other := mixed(log, seed)
			b := runBrokered(t, small, topology.Config{Partitions: 3, BatchRecords: 50})
			b.send(other)
			b.settle()
			wantBatch(t, w.sites, other, b.derived())
		})
	}

	t.Run("stopped on the way", func(t *testing.T) {
		kept := t.TempDir()
		b := runBrokered(t, small, topology.Config{Partitions: 4, DataDir: kept})
		third := len(log) / 3
		b.send(log[:third])
		b.stop() // with much still to do
		b.start(kept)
		b.send(log[third : 2*third])
		b.stop()
		b.start(t.TempDir()) // another machine: nothing of the old stores
		b.send(log[2*third:])
		b.settle()
		wantBatch(t, w.sites, log, b.derived())
		b.requests()
		dump := b.dump()

		b.stop()
		b.start(kept) // the first one is back, with stores that are behind
		b.send(log)
		b.settle()
		wantSameTables(t, dump, b.dump())
		wantSameRequests(t, nil, b.requests())
	})
}

// A wiki whose events name direct links only: each edit asks for exactly the pages that it should, and the tables are
// right.
func TestDirectOnBroker(t *testing.T) {
	t.Parallel()
	events, edits := data(t, "direct", "events.ndjson.zst"), data(t, "direct", "edits.ndjson.gz")
	b := runBrokered(t, processors.Options{}, topology.Config{Partitions: 8})
	before := b.feed(events, false)
	requests := b.feed(edits, false)
	wantDirect(t, requests)
	wantBatch(t, b.sites, append(readLog(t, events), readLog(t, edits)...), b.derived())
	wantCounted(t, append(before, requests...), b.cascades())
}
