package oracle

import (
	"slices"
	"testing"
	"time"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

func changeAt(second int64, kind events.ChangeKind, id int64, title string, rev int64) simwiki.Event {
	return simwiki.Event{Change: &events.PageChange{
		Meta: events.Meta{ID: kind.String() + title + time.Unix(second, rev).String()}, Wiki: "w", Time: time.Unix(second, 0), Kind: kind,
		Page: events.Page{ID: id, Namespace: 10, Title: "Template:" + title}, Revision: events.Revision{ID: rev},
	}}
}

func renderAt(second, id int64, templates ...string) simwiki.Event {
	r := &events.Render{
		Meta: events.Meta{ID: time.Unix(second, id).String()}, Wiki: "w", Start: time.Unix(second, 0), Page: events.RenderPage{ID: id, Namespace: 10},
		Revision: events.RenderRevision{ID: 10 * id},
	}
	for _, t := range templates {
		r.Links.Template = append(r.Links.Template, events.TemplateLink{Namespace: 10, Title: t})
	}
	return simwiki.Event{Render: r}
}

func batchOf(t *testing.T, log ...simwiki.Event) *Derived {
	t.Helper()
	d, err := Batch(tables.AnyWiki(), slices.Values(log))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestBatch(t *testing.T) {
	t.Parallel()
	moved := changeAt(3, events.Move, 1, "B", 11)
	moved.Change.PriorPage = &events.PriorPage{Namespace: 10, Title: "Template:A"}
	for _, tt := range []struct {
		name string
		log  []simwiki.Event
		want Derived
	}{
		{
			name: "a page and its links",
			log:  []simwiki.Event{changeAt(1, events.Create, 1, "A", 10), renderAt(1, 1, "X", "Y"), renderAt(2, 1, "y", "X")},
			want: Derived{
				Pages:      map[string]string{"w:1": "10:A dt 1 rev 10 live true"},
				Titles:     map[string]string{"w:10:A": "open(page 1 dt 1 rev 10 from 1)"},
				Links:      map[string]string{"w:1": "template w:10:X, template w:10:y"},
				Dependents: map[string]string{"w:10:X": "template w:1", "w:10:y": "template w:1"},
			},
		},
		{
			name: "the last rendering counts, and not if its revision is of an earlier life",
			log: []simwiki.Event{
				changeAt(1, events.Create, 1, "A", 10), renderAt(5, 1, "X"), renderAt(4, 1, "Y"),
				changeAt(6, events.Delete, 1, "A", 10), changeAt(7, events.Undelete, 1, "A", 10),
				changeAt(1, events.Create, 2, "B", 20), renderAt(5, 2, "X"),
				changeAt(6, events.Delete, 2, "B", 20), changeAt(7, events.Undelete, 2, "B", 15),
			},
			want: Derived{
				Pages: map[string]string{"w:1": "10:A dt 7 rev 10 live true", "w:2": "10:B dt 7 rev 15 live true"},
				Titles: map[string]string{
					"w:10:A": "open(page 1 dt 7 rev 10 from 7) past(page 1 from 1 to 6)",
					"w:10:B": "open(page 2 dt 7 rev 15 from 7) past(page 2 from 1 to 6)",
				},
				Links:      map[string]string{"w:1": "template w:10:X"},
				Dependents: map[string]string{"w:10:X": "template w:1"},
			},
		},
		{
			name: "a move, another page at the old title, a repeat",
			log: []simwiki.Event{
				changeAt(3, events.Create, 2, "A", 12), changeAt(1, events.Create, 1, "A", 10), changeAt(2, events.Edit, 1, "A", 10),
				moved, changeAt(1, events.Create, 1, "A", 10), moved, renderAt(9, 3, "A"),
			},
			want: Derived{
				Pages: map[string]string{"w:1": "10:B dt 3 rev 11 live true", "w:2": "10:A dt 3 rev 12 live true"},
				Titles: map[string]string{
					"w:10:A": "open(page 2 dt 3 rev 12 from 3) past(page 1 from 1 to 3)",
					"w:10:B": "open(page 1 dt 3 rev 11 from 3)",
				},
				Links:      map[string]string{"w:3": "template w:10:A"},
				Dependents: map[string]string{"w:10:A": "template w:3"},
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, d := range tt.want.Diff(batchOf(t, tt.log...), 10) {
				t.Error(d)
			}
		})
	}
}

// The tables do not depend on the order between pages, nor between the two streams of a page.
func TestBatchOrderFree(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		tape := NewTape(seed)
		var log []simwiki.Event
		p := newPlayer(t.Context(), Scenario{Rounds: 100, Steps: 40}, tape, tape, newNaive(""))
		if err := p.play(); err != nil {
			t.Fatal(err)
		}
		log = p.log
		again := &simwiki.Feed{Repeat: 20}
		for _, e := range log {
			again.Push(e)
		}
		var other []simwiki.Event
		for e, ok := again.Next(tape); ok; e, ok = again.Next(tape) {
			other = append(other, e)
		}
		if diff := batchOf(t, log...).Diff(batchOf(t, other...), 5); len(diff) > 0 {
			t.Fatalf("seed %d: %v", seed, diff)
		}
	}
}
