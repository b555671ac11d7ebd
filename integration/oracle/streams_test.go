package oracle

import (
	"testing"

	"github.com/eddystream/eddy/tables"
)

func TestOnce(t *testing.T) {
	t.Parallel()
	of := func(cascade tables.CascadeID, page int64) tables.Request {
		return tables.Request{WikiID: "w", PageID: page, Cascade: tables.RequestCascade{ID: cascade}}
	}
	if faults := Once([]tables.Request{of("a", 1), of("a", 2), of("b", 1)}); len(faults) != 0 {
		t.Errorf("each once: %v", faults)
	}
	if faults := Once([]tables.Request{of("a", 1), of("b", 1), of("a", 1)}); len(faults) != 1 {
		t.Errorf("one twice: %v", faults)
	}
}

func TestEnded(t *testing.T) {
	t.Parallel()
	const started, expanded, complete, superseded = tables.PhaseStarted, tables.PhaseExpanded, tables.PhaseComplete, tables.PhaseSuperseded
	for _, tt := range []struct {
		name   string
		run    []tables.Phase
		open   int64 // outstanding in the last event
		faults int
	}{
		{"complete", []tables.Phase{started, expanded, complete}, 0, 0},
		{"superseded at once", []tables.Phase{started, superseded}, 3, 0},
		{"superseded later", []tables.Phase{started, expanded, superseded}, 3, 0},
		{"unanswered", []tables.Phase{started, expanded}, 3, 1},
		{"not expanded", []tables.Phase{started}, 0, 1},
		{"complete too early", []tables.Phase{started, expanded, complete}, 2, 1},
		{"complete without expansion", []tables.Phase{started, complete}, 0, 1},
		{"on after the end", []tables.Phase{started, expanded, complete, superseded}, 0, 1},
		{"twice", []tables.Phase{started, started, expanded, complete}, 0, 1},
		{"without a start", []tables.Phase{expanded, complete}, 0, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var events []tables.CascadeEvent
			for _, phase := range tt.run {
				events = append(events, tables.CascadeEvent{Cascade: tables.RequestCascade{ID: "a"}, Phase: phase})
			}
			events[len(events)-1].Outstanding = tt.open
			if faults := Ended(nil, events, false, false); len(faults) != tt.faults {
				t.Errorf("faults %v, want %d", faults, tt.faults)
			}
		})
	}
	again := []tables.CascadeEvent{{Phase: started}, {Phase: expanded}, {Phase: expanded}, {Phase: complete}}
	if faults := Ended(nil, again, true, false); len(faults) != 0 {
		t.Errorf("an event again, where that may be: %v", faults)
	}
	lone := []tables.CascadeEvent{{Phase: started, Cascade: tables.RequestCascade{ID: "a"}}}
	if faults := Ended(nil, lone, true, false); len(faults) != 0 {
		t.Errorf("a cascade of a walk that nobody sent, after a crash: %v", faults)
	}
	asking := []tables.Request{{Reason: tables.LinkTemplate, Cascade: tables.RequestCascade{ID: "a"}}}
	if faults := Ended(asking, lone, true, false); len(faults) != 1 {
		t.Errorf("a cascade that asks and does not end, after a crash: %v", faults)
	}
	orphan := []tables.Request{{Reason: tables.LinkTemplate, Cascade: tables.RequestCascade{ID: "a"}}, {Reason: tables.LinkSelf, Cascade: tables.RequestCascade{ID: "b"}}}
	if faults := Ended(orphan, nil, false, false); len(faults) != 1 {
		t.Errorf("a request without a cascade: %v", faults)
	}
}
