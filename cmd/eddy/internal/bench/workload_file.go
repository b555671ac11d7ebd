package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables/events"
)

// The files of a workload, behind the prefix that they share.
const (
	eventsFile  = ".ndjson.zst"   // the events of every page, one a line
	editsFile   = ".edits.ndjson" // two events an edit: page change and rendering
	summaryFile = ".json"         // a [summary]
)

// summary is what a workload's files say of it.
type summary struct {
	Pages      int           `json:"pages"`     // articles
	Templates  int           `json:"templates"` // without the one that documents them
	Seed       uint64        `json:"seed"`
	EdgesTotal int           `json:"edges_total"`
	Edits      []editSummary `json:"edits"` // in the order of the file of edits
}

// editSummary is what a summary says of an edit.
type editSummary struct {
	Kind     string `json:"kind"`
	Title    string `json:"title"` // with the prefix of its namespace
	PageID   int64  `json:"page_id"`
	Expected int    `json:"expected"` // pages to ask for, the edited one not counted
}

// readWorkload reads a workload from files. Its events are read when they are asked for.
func readWorkload(prefix string) (*workload, error) {
	data, err := os.ReadFile(prefix + summaryFile)
	if err != nil {
		return nil, err
	}
	s, err := parseSummary(data)
	if err != nil {
		return nil, fmt.Errorf("%s%s: %w", prefix, summaryFile, err)
	}
	if _, err := os.Stat(prefix + eventsFile); err != nil {
		return nil, err
	}
	w := &workload{
		pages: s.Pages + s.Templates + 1, edges: s.EdgesTotal, seed: s.Seed,
		events: func() iter.Seq2[simwiki.Event, error] { return readEvents(prefix + eventsFile) },
	}
	next, stop := iter.Pull2(readEvents(prefix + editsFile))
	defer stop()
	for i, e := range s.Edits {
		change, err1, ok1 := next()
		render, err2, ok2 := next()
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		if !ok1 || !ok2 {
			return nil, fmt.Errorf("%s%s: %d edits, where %s%s has %d", prefix, editsFile, i, prefix, summaryFile, len(s.Edits))
		}
		if change.Change == nil || render.Render == nil || change.Change.Page.ID != e.PageID || render.Render.Page.ID != e.PageID {
			return nil, fmt.Errorf("%s%s:%d: not a page change and a rendering of page %d, %q", prefix, editsFile, 2*i+1, e.PageID, e.Title)
		}
		w.edits = append(w.edits, edit{kind: e.Kind, expected: e.Expected, change: change, render: render})
	}
	if _, _, more := next(); more {
		return nil, fmt.Errorf("%s%s: more edits than the %d of %s%s", prefix, editsFile, len(s.Edits), prefix, summaryFile)
	}
	return w, nil
}

// parseSummary reads a summary and checks its numbers.
func parseSummary(data []byte) (*summary, error) {
	var s summary
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, err
	}
	if s.Pages <= 0 || s.Templates < 0 || s.EdgesTotal <= 0 {
		return nil, fmt.Errorf("%d pages, %d templates, %d edges", s.Pages, s.Templates, s.EdgesTotal)
	}
	for i, e := range s.Edits {
		if e.Kind == "" || e.PageID <= 0 || e.Expected < 0 {
			return nil, fmt.Errorf("edit %d: kind %q, page %d, %d pages expected", i, e.Kind, e.PageID, e.Expected)
		}
	}
	return &s, nil
}

// readEvents reads a file of events. It ends with the first error.
func readEvents(name string) iter.Seq2[simwiki.Event, error] {
	return func(yield func(simwiki.Event, error) bool) {
		r, err := events.Open(name)
		if err != nil {
			yield(simwiki.Event{}, err)
			return
		}
		defer r.Close()
		for e, err := range r.Events() {
			if !yield(simwiki.Event{Change: e.Change, Render: e.Render}, err) || err != nil {
				return
			}
		}
	}
}
