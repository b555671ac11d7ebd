package processors_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology/topologytest"
)

// officialChange is the example in Wikimedia's own schema of page changes, of every version since 1.0.0 but for what Eddy does not read. Its title has no
// prefix, though it is in a namespace.
const officialChange = `{"$schema":"/mediawiki/page/change/1.%d.0","changelog_kind":"update","comment":"changed a thing","dt":"2021-01-01T00:00:00.0Z",
"meta":{"domain":"examplewiki","dt":"2021-01-01T00:00:00.0Z","stream":"mediawiki.page_change"},"page":{"is_redirect":true,"namespace_id":1,"page_id":1,
"page_title":"example","redirect_page_link":{"is_redirect":false,"namespace_id":1,"page_id":2,"page_title":"Redirect_Target"},"revision_count":1},
"page_change_kind":"edit","performer":{"user_id":123,"user_text":"yoohoo"},"revision":{"comment":"changed a thing","content_slots":{"main":{
"content_format":"text/x-wiki","content_model":"wikitext","content_sha1":"16619839a55cfb5c61bcf520bf9734e0c67f98cc","content_size":100,"origin_rev_id":2,
"slot_role":"main"}},"editor":{"user_id":123,"user_text":"example"},"is_comment_visible":true,"is_content_visible":true,"is_editor_visible":true,
"is_minor_edit":false,"rev_dt":"2021-01-01T00:00:00.0Z","rev_id":2,"rev_parent_id":1,"rev_sha1":"16619839a55cfb5c61bcf520bf9734e0c67f98cc","rev_size":100},
"wiki_id":"example"}`

// recorded returns the lines of a file of recorded data, and skips the test where there is none.
func recorded(t *testing.T, parts ...string) []events.Event {
	t.Helper()
	dir := os.Getenv("EDDY_DATA")
	if dir == "" {
		dir = "../../shared/data"
	}
	r, err := events.Open(filepath.Join(append([]string{dir}, parts...)...))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("no data: set EDDY_DATA to the folder with the recorded wikis: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var lines []events.Event
	for e, err := range r.Events() {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, e)
	}
	return lines
}

func driveIntake(t testing.TB, opts ...topologytest.DriverOption) *topologytest.Driver {
	t.Helper()
	topo, err := processors.New(processors.Options{Intake: &processors.Intake{}})
	if err != nil {
		t.Fatal(err)
	}
	return topologytest.New(t, topo, opts...)
}

// The example of Wikimedia's schema is a page change, in every version of it, and goes through the pipeline.
func TestIntakeTakesTheOfficialExample(t *testing.T) {
	t.Parallel()
	d := driveIntake(t)
	in, out := topologytest.Input(d, tables.IncomingPageChanges), topologytest.Output(d, tables.PageChanges)
	for minor := range 4 {
		in.Send([]byte(`{"wiki_id":"example","page_id":1}`), fmt.Appendf(nil, officialChange, minor))
		key, ev, ok := out.Next()
		if !ok || key.String() != "example:1" || ev.Page.Title != "Talk:Example" || ev.Meta.ID == "" || ev.Kind != events.Edit {
			t.Errorf("1.%d.0: %t, %v, %+v", minor, ok, key, ev)
		}
	}
	row, ok := topologytest.Value(d, tables.Pages, tables.PageKey{Wiki: "example", ID: 1})
	if !ok || row.Name != (tables.Name{Namespace: 1, DBKey: "Example"}) || row.Redirect == nil || row.Redirect.DBKey != "Redirect_Target" {
		t.Errorf("%t, %+v", ok, row)
	}
}

// What Wikimedia's own producers have sent is taken as it is: every kind of change.
func TestIntakeTakesRecordedChanges(t *testing.T) {
	t.Parallel()
	lines := recorded(t, "page_change_events", "all.jsonl")
	d := driveIntake(t)
	in, out := topologytest.Input(d, tables.IncomingPageChanges), topologytest.Output(d, tables.PageChanges)
	for _, line := range lines {
		want := line.Change
		in.Send(fmt.Appendf(nil, `{"wiki_id":%q,"page_id":%d}`, want.Wiki, want.Page.ID), line.Raw)
		key, got, ok := out.Next()
		if !ok || key != (tables.PageKey{Wiki: want.Wiki, ID: want.Page.ID}) || got.Meta.ID != want.Meta.ID || got.Kind != want.Kind || got.Page.Title != want.Page.Title {
			t.Errorf("%s: %t, %v, %+v", want.Meta.ID, ok, key, got)
		}
	}
	if len(lines) != 13 {
		t.Errorf("%d lines", len(lines))
	}
}

// Whatever the keys, the partitions and what else is in them, the events of a page keep the order in which its producer has sent them.
func TestIntakeKeepsTheOrderOfPages(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		d := driveIntake(t, topologytest.Partitions(rapid.IntRange(1, 7).Draw(rt, "partitions")), topologytest.Interleave(rapid.Uint64().Draw(rt, "seed")))
		in, out := topologytest.Input(d, tables.IncomingPageChanges), topologytest.Output(d, tables.PageChanges)
		keys := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 12), 8, 8).Draw(rt, "keys") // of pages
		sent := map[int64][]int64{}
		for rev := range int64(rapid.IntRange(1, 40).Draw(rt, "records")) {
			page := rapid.Int64Range(0, 7).Draw(rt, "page")
			if rapid.IntRange(0, 9).Draw(rt, "what") == 0 {
				in.Queue(keys[page], []byte("\xffgarbage"))
				continue
			}
			sent[page*300] = append(sent[page*300], rev+1)
			in.Queue(keys[page], fmt.Appendf(nil, `{"$schema":"/mediawiki/page/change/1.2.0","wiki_id":"w","dt":"2026-01-01T00:00:00Z","page_change_kind":"edit",`+
				`"page":{"page_id":%d,"page_title":"P%d","namespace_id":0},"revision":{"rev_id":%d}}`, page*300+1, page, rev+1))
		}
		d.Settle()
		got := map[int64][]int64{}
		for _, e := range out.All() {
			got[e.Key.ID-1] = append(got[e.Key.ID-1], e.Value.Revision.ID)
		}
		for page, revs := range sent {
			if !slices.Equal(got[page], revs) {
				rt.Fatalf("page %d: sent %v, got %v", page, revs, got[page])
			}
		}
	})
}
