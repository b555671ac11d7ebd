package integration_test

import (
	"testing"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/topology"
)

// Each change settled before the next one, the pipeline asks for what MediaWiki rendered, with eight partitions or one;
// a second feeding asks for nothing; the tables are always the same, at full speed too.
func TestLocalisedWikiOnBroker(t *testing.T) {
	t.Parallel()
	w := recordedOf(t, "ltg", "siteinfo.json")
	o := processors.Options{Sites: w.sites}

	eight := runBrokered(t, o, topology.Config{Partitions: 8})
	requests := eight.feed(w.file, true)
	settled := eight.dump()
	t.Run("settled", func(t *testing.T) { w.wantMediaWiki(t, requests, false) })
	t.Run("settled tables", func(t *testing.T) { wantBatch(t, w.sites, readLog(t, w.file), eight.derived()) })
	t.Run("settled cascades", func(t *testing.T) { wantCounted(t, requests, eight.cascades()) })
	t.Run("fed again", func(t *testing.T) { wantNothingNew(t, eight, w.file, settled) })
	eight.stop()

	t.Run("one partition", func(t *testing.T) {
		one := runBrokered(t, o, topology.Config{Partitions: 1})
		got := one.feed(w.file, true)
		wantSameRequests(t, requests, got)
		wantSameTables(t, settled, one.dump())
		wantCounted(t, got, one.cascades())
	})

	t.Run("full speed", func(t *testing.T) {
		fast := runBrokered(t, o, topology.Config{Partitions: 8})
		fast.feed(w.file, false)
		dump := fast.dump()
		wantSameTables(t, settled, dump)
		wantNothingNew(t, fast, w.file, dump)
	})
}

// At full speed nothing is missing but what later changes made up for.
func TestGrownWikiOnBroker(t *testing.T) {
	t.Parallel()
	w := recordedOf(t, "whonix", "")
	o := processors.Options{Sites: w.sites}

	one := runBrokered(t, o, topology.Config{Partitions: 1})
	requests := one.feed(w.file, true)
	settled := one.dump()
	t.Run("settled", func(t *testing.T) { w.wantMediaWiki(t, requests, false) })
	t.Run("settled cascades", func(t *testing.T) { wantCounted(t, requests, one.cascades()) })
	one.stop()

	fast := runBrokered(t, o, topology.Config{Partitions: 8})
	requests = fast.feed(w.file, false)
	dump := fast.dump()
	t.Run("full speed", func(t *testing.T) { w.wantMediaWiki(t, requests, true) })
	t.Run("full speed tables", func(t *testing.T) {
		wantBatch(t, w.sites, readLog(t, w.file), fast.derived())
		wantSameTables(t, settled, dump)
	})
	t.Run("fed again", func(t *testing.T) { wantNothingNew(t, fast, w.file, dump) })
}

// wantNothingNew feeds a file once more: nothing is asked for, and no table changes.
func wantNothingNew(t *testing.T, b *brokered, file string, before map[string]string) {
	t.Helper()
	wantSameRequests(t, nil, b.feed(file, false))
	wantSameTables(t, before, b.dump())
}

// With exactly-once delivery the whole pipeline asks for the same, and for nothing twice, whatever the transactions. At full speed a link may be
// as late as the log is long, so the chunks of pages remember all that was asked for.
func TestWikiExactlyOnce(t *testing.T) {
	t.Parallel()
	w := recordedOf(t, "whonix", "")
	o := processors.Options{Sites: w.sites, EndedCascades: len(w.log)}
	b := runBrokered(t, o, topology.Config{Partitions: 8, Delivery: topology.ExactlyOnce})
	requests := b.feed(w.file, false)
	w.wantMediaWiki(t, requests, true)
	wantCounted(t, requests, b.cascades()) // which says if a page was asked for twice
	dump := b.dump()
	wantBatch(t, w.sites, readLog(t, w.file), b.derived())
	wantNothingNew(t, b, w.file, dump)
}
