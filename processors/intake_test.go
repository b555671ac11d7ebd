package processors_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/goccy/go-yaml"
	"pgregory.net/rapid"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology/topologytest"
)

// data returns the path of recorded data, and skips the test where there is none.
func data(t *testing.T, parts ...string) string {
	t.Helper()
	dir := os.Getenv("EDDY_DATA")
	if dir == "" {
		dir = "../../shared/data"
	}
	path := filepath.Join(append([]string{dir}, parts...)...)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		t.Skipf("no data: set EDDY_DATA to the folder with the recorded wikis: %v", err)
	}
	return path
}

func driveIntake(t testing.TB, opts ...topologytest.DriverOption) *topologytest.Driver {
	t.Helper()
	topo, err := processors.New(processors.Options{Intake: &processors.Intake{}})
	if err != nil {
		t.Fatal(err)
	}
	return topologytest.New(t, topo, opts...)
}

// unprefixedChange is a page change as the examples in Wikimedia's schema are: without an id of its own, and its title is in a namespace and has no prefix.
const unprefixedChange = `{"$schema":"/mediawiki/page/change/1.%d.0","meta":{"stream":"s"},"wiki_id":"example","dt":"2021-01-01T00:00:00.0Z","page_change_kind":"edit",
"page":{"page_id":1,"namespace_id":1,"page_title":"example","is_redirect":true,"redirect_page_link":{"page_title":"Target","namespace_id":1}},"revision":{"rev_id":2}}`

// Every version of Wikimedia's schema is read, and a title that has no prefix is in the namespace that the event says.
func TestIntakeAddsPrefixes(t *testing.T) {
	t.Parallel()
	d := driveIntake(t)
	in, out := topologytest.Input(d, tables.IncomingPageChanges), topologytest.Output(d, tables.PageChanges)
	for minor := range 10 {
		in.Send([]byte(`{"wiki_id":"example","page_id":1}`), fmt.Appendf(nil, unprefixedChange, minor))
		key, ev, ok := out.Next()
		if !ok || key.String() != "example:1" || ev.Page.Title != "Talk:Example" || ev.Meta.ID == "" || ev.Kind != events.Edit {
			t.Errorf("1.%d.0: %t, %v, %+v", minor, ok, key, ev)
		}
	}
	row, ok := topologytest.Value(d, tables.Pages, tables.PageKey{Wiki: "example", ID: 1})
	if !ok || row.Name != (tables.Name{Namespace: 1, DBKey: "Example"}) || row.Redirect == nil || row.Redirect.DBKey != "Target" {
		t.Errorf("%t, %+v", ok, row)
	}
}

// A title whose namespace nobody tells is not given the prefix of another.
func TestIntakeAddsNoPrefixOfAnotherNamespace(t *testing.T) {
	t.Parallel()
	d := driveIntake(t)
	in, out := topologytest.Input(d, tables.IncomingPageChanges), topologytest.Output(d, tables.PageChanges)
	in.Send(nil, []byte(`{"$schema":"/mediawiki/page/change/1.2.0","wiki_id":"w","dt":"2026-01-01T00:00:00Z","page_change_kind":"move",`+
		`"page":{"page_id":1,"namespace_id":10,"page_title":"Template:New"},"revision":{"rev_id":2},"prior_state":{"page":{"page_title":"Old"}}}`))
	if _, ev, ok := out.Next(); !ok || ev.PriorPage == nil || ev.PriorPage.Title != "Old" {
		t.Errorf("%t, %+v", ok, ev.PriorPage)
	}
	if row, ok := topologytest.Value(d, tables.Titles, tables.Title{Wiki: "w", Namespace: 0, DBKey: "Old"}); !ok {
		t.Errorf("the title that was left is not known: %+v", row)
	}
}

// The examples in Wikimedia's schema are page changes.
func TestIntakeTakesTheOfficialExamples(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(data(t, "schemas", "mediawiki_page_change.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Examples []map[string]any `yaml:"examples"`
	}
	if err := yaml.Unmarshal(text, &schema); err != nil || len(schema.Examples) == 0 {
		t.Fatalf("%d examples, %v", len(schema.Examples), err)
	}
	d := driveIntake(t)
	in, out := topologytest.Input(d, tables.IncomingPageChanges), topologytest.Output(d, tables.PageChanges)
	for _, example := range schema.Examples {
		value, err := json.Marshal(example)
		if err != nil {
			t.Fatal(err)
		}
		in.Send(nil, value)
		if key, ev, ok := out.Next(); !ok || key.Wiki != example["wiki_id"] || ev.Kind.String() != example["page_change_kind"] {
			t.Errorf("%s: %t, %v", value, ok, key)
		}
	}
}

// What Wikimedia's own producers have sent is taken as it is: every kind of change.
func TestIntakeTakesRecordedChanges(t *testing.T) {
	t.Parallel()
	r, err := events.Open(data(t, "page_change_events", "all.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	d := driveIntake(t)
	in, out := topologytest.Input(d, tables.IncomingPageChanges), topologytest.Output(d, tables.PageChanges)
	n := 0
	for line, err := range r.Events() {
		if err != nil {
			t.Fatal(err)
		}
		want := line.Change
		n++
		in.Send(fmt.Appendf(nil, `{"wiki_id":%q,"page_id":%d}`, want.Wiki, want.Page.ID), line.Raw)
		key, got, ok := out.Next()
		if !ok || key != (tables.PageKey{Wiki: want.Wiki, ID: want.Page.ID}) || got.Meta.ID != want.Meta.ID || got.Kind != want.Kind || got.Page.Title != want.Page.Title {
			t.Errorf("%s: %t, %v, %+v", want.Meta.ID, ok, key, got)
		}
	}
	if n != 13 {
		t.Errorf("%d events", n)
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
