package integration_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/eddystream/eddy/integration/compare"
	"github.com/eddystream/eddy/integration/oracle"
	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// readLog reads a file of events.
func readLog(t *testing.T, path string) []simwiki.Event {
	t.Helper()
	r, err := events.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var log []simwiki.Event
	for ev, err := range r.Events() {
		if err != nil {
			t.Fatal(err)
		}
		log = append(log, simwiki.Event{Change: ev.Change, Render: ev.Render})
	}
	return log
}

// mixed returns the log in another order, that of each page and stream kept, with some events repeated later.
func mixed(log []simwiki.Event, seed uint64) []simwiki.Event {
	feed := simwiki.Feed{Repeat: 5}
	for _, e := range log {
		feed.Push(e)
	}
	out := make([]simwiki.Event, 0, len(log))
	random := rand.New(rand.NewPCG(seed, seed))
	for e, ok := feed.Next(random); ok; e, ok = feed.Next(random) {
		out = append(out, e)
	}
	return out
}

// wantBatch compares tables with what a batch program makes of the log.
func wantBatch(t *testing.T, sites *tables.Sites, log []simwiki.Event, got *oracle.Derived) {
	t.Helper()
	want, err := oracle.Batch(sites, slices.Values(log))
	if err != nil {
		t.Fatal(err)
	}
	if len(want.Pages) == 0 || len(want.Dependents) == 0 {
		t.Fatal("the batch program found nothing")
	}
	if diff := want.Diff(got, 20); len(diff) > 0 {
		t.Errorf("tables differ from the batch program's (-):\n%s", strings.Join(diff, "\n"))
	}
}

// wantSameTables compares the documents of the tables that the log determines, whatever its order between pages.
func wantSameTables(t *testing.T, want, got map[string]string) {
	t.Helper()
	for _, name := range []string{"pages", "titles", "links", "dependents"} {
		if want[name] == "" {
			t.Errorf("table %s: no rows", name)
		}
		if diff := difference(strings.SplitAfter(want[name], "\n"), strings.SplitAfter(got[name], "\n")); len(diff) > 0 {
			t.Errorf("table %s: %d lines differ, such as\n%s", name, len(diff), strings.Join(diff[:min(6, len(diff))], ""))
		}
	}
}

// difference returns what only one of two lists has, sorted.
func difference(want, got []string) []string {
	count := map[string]int{}
	for _, line := range want {
		count[line]++
	}
	for _, line := range got {
		count[line]--
	}
	var diff []string
	for line, n := range count {
		switch {
		case n > 0:
			diff = append(diff, "- "+line)
		case n < 0:
			diff = append(diff, "+ "+line)
		}
	}
	slices.SortFunc(diff, func(a, b string) int { return strings.Compare(a[2:], b[2:]) })
	return diff
}

// asked spells what requests promise: cascade and page, and where it does not depend on the way by which the page was reached first, the
// reason. Since when a rendering has to be depends on what has been heard of it.
func asked(requests []tables.Request) []string {
	lines := make([]string, len(requests))
	for i, r := range requests {
		reason := ""
		if r.Depth <= 1 {
			reason = r.Reason.String()
		}
		lines[i] = fmt.Sprintf("%s %s: page %d %s of %q\n", r.Cascade.ID, r.Cascade.Kind, r.PageID, reason, r.Cascade.Root.PageTitle)
	}
	return lines
}

func wantSameRequests(t *testing.T, want, got []tables.Request) {
	t.Helper()
	if diff := difference(asked(want), asked(got)); len(diff) > 0 {
		t.Errorf("%d requests differ, such as\n%s", len(diff), strings.Join(diff[:min(10, len(diff))], ""))
	}
}

// wantCounted compares what cascades say of themselves with what they asked for: each has an end, or waits for answers
// only, and counted each page once.
func wantCounted(t *testing.T, requests []tables.Request, cascades map[tables.CascadeID]*tables.CascadeRow) {
	t.Helper()
	pages := map[tables.CascadeID]map[tables.PageKey]bool{}
	for _, r := range requests {
		if r.Reason == tables.LinkSelf {
			continue // asked for a witness, and none of the cascade's pages
		}
		if pages[r.Cascade.ID] == nil {
			pages[r.Cascade.ID] = map[tables.PageKey]bool{}
		}
		key := tables.PageKey{Wiki: r.WikiID, ID: r.PageID}
		if pages[r.Cascade.ID][key] {
			t.Errorf("cascade %s asked for page %s twice", r.Cascade.ID, key)
		}
		pages[r.Cascade.ID][key] = true
	}
	for id, asked := range pages {
		row := cascades[id]
		switch {
		case row == nil:
			t.Errorf("cascade %s asked for %d pages and has no row", id, len(asked))
		case int(row.Asked) != len(asked):
			t.Errorf("cascade %s asked for %d pages and counted %d", id, len(asked), row.Asked)
		}
	}
	for id, row := range cascades {
		if row.Phase != tables.PhaseExpanded && !row.Phase.Final() {
			t.Errorf("cascade %s is %s at rest", id, row.Phase)
		}
		if row.Asked > 0 && len(pages[id]) == 0 {
			t.Errorf("cascade %s counted %d pages and asked for none", id, row.Asked)
		}
	}
}

// recordedWiki is a wiki of the data set whose answers are MediaWiki's own.
type recordedWiki struct {
	file  string
	sites *tables.Sites
	log   []compare.Event
	lines []compare.Line
}

func recordedOf(t *testing.T, wiki, siteinfo string) recordedWiki {
	t.Helper()
	w := recordedWiki{file: data(t, wiki, "events.ndjson.zst"), sites: sitesOf(t, "")}
	if siteinfo != "" {
		w.sites = sitesOf(t, data(t, wiki, siteinfo))
	}
	w.log = parse(t, compare.ReadLog, w.file)
	w.lines = parse(t, compare.ReadCascades, data(t, wiki, "cascades.ndjson.gz"))
	return w
}

// wantMediaWiki holds requests against what MediaWiki rendered, and prints the differences that are allowed.
func (w recordedWiki) wantMediaWiki(t *testing.T, requests []tables.Request, fullSpeed bool) {
	t.Helper()
	list := make([]compare.Request, len(requests))
	for i, r := range requests {
		list[i] = request(r)
	}
	report := compare.MediaWiki(w.log, w.lines, list, compare.Options{CascadeID: cascadeID(t, w.sites), FullSpeed: fullSpeed})
	t.Log(report)
	if err := report.Err(); err != nil {
		t.Error(err)
	}
}

// wantDirect counts the pages that each edit of the generated wiki asked for.
func wantDirect(t *testing.T, requests []tables.Request) {
	t.Helper()
	list := make([]compare.Request, len(requests))
	for i, r := range requests {
		list[i] = request(r)
	}
	report := compare.Direct(
		parse(t, compare.ReadExpected, data(t, "direct", "expected.json")),
		parse(t, compare.ReadLog, data(t, "direct", "edits.ndjson.gz")), list, cascadeID(t, tables.AnyWiki()),
	)
	t.Log(report)
	if err := report.Err(); err != nil {
		t.Error(err)
	}
}
