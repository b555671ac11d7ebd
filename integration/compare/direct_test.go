package compare

import (
	"path/filepath"
	"slices"
	"testing"
)

// walkDirect asks as the definition says: breadth first over included edges, an edge of the
// page's own view as the last hop only.
func walkDirect(log, edits []Event) []Request {
	included, own := map[name][]Event{}, map[name][]Event{}
	for _, e := range log {
		if e.Change != "" {
			continue
		}
		for _, l := range e.Links.Template {
			if l.Scope == "page" {
				own[l.name()] = append(own[l.name()], e)
			} else {
				included[l.name()] = append(included[l.name()], e)
			}
		}
	}
	var requests []Request
	for _, e := range edits {
		if e.Change == "" {
			continue
		}
		asked := map[int64]bool{}
		walked := map[name]bool{e.Page.name(): true}
		for queue := []name{e.Page.name()}; len(queue) > 0; queue = queue[1:] {
			ask := func(p Event) {
				if !asked[p.Page.PageID] {
					asked[p.Page.PageID] = true
					requests = append(requests, Request{
						WikiID: e.WikiID, PageID: p.Page.PageID, Reason: "template",
						Cascade: Cascade{ID: testID(e.WikiID, e.Page.title(), e.Meta.ID)},
					})
				}
			}
			for _, p := range own[queue[0]] {
				ask(p)
			}
			for _, p := range included[queue[0]] {
				ask(p)
				if !walked[p.Page.name()] {
					walked[p.Page.name()] = true
					queue = append(queue, p.Page.name())
				}
			}
		}
	}
	return requests
}

func TestDirect(t *testing.T) {
	t.Parallel()
	read := func(file string) []Event {
		f, err := Open(filepath.Join(dataDir(t), "direct", file))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		log, err := ReadLog(f)
		if err != nil {
			t.Fatal(err)
		}
		return log
	}
	log, edits := read("events.ndjson.zst"), read("edits.ndjson.gz")
	f, err := Open(filepath.Join(dataDir(t), "direct", "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	expected, err := ReadExpected(f)
	if err != nil {
		t.Fatal(err)
	}

	requests := walkDirect(log, edits)
	report := Direct(expected, edits, requests, testID)
	t.Log(report)
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	if report.Edits != 202 || report.Pages == 0 {
		t.Errorf("compared %d edits, %d pages", report.Edits, report.Pages)
	}
	for _, bad := range [][]Request{requests[1:], append(slices.Clip(requests), requests[0])} {
		if report := Direct(expected, edits, bad, testID); report.Err() == nil {
			t.Error("a request too few, or one twice, is not found")
		}
	}
}
