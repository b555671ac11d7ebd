package processors_test

import (
	"testing"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology/topologytest"
)

// cascade returns the row of a change.
func (b *bench) cascade(c events.PageChange) *tables.CascadeRow {
	b.t.Helper()
	for _, e := range topologytest.Rows(b.driver, tables.Cascades) {
		if e.Key == cascadeOf(c) {
			return e.Value
		}
	}
	b.t.Fatalf("no cascade of %s", c.Meta.ID)
	return nil
}

// What a cascade counted it has asked for, also where a chunk has forgotten it and begins anew.
func TestLateForAnEndedCascade(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		remembered  int // ended cascades
		asked, late int64
	}{
		"remembered": {remembered: 2, asked: 3, late: 1},
		"forgotten":  {remembered: 1, asked: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, processors.Options{EndedCascades: tt.remembered})
			b.page(1, 1, "Template:T", nil)
			b.page(1, 2, "Template:U", nil)
			b.page(2, 3, "A", uses{"Template:T@1.1", "Template:U@2.2"})
			b.page(2, 4, "B", uses{"Template:T@1.1"})
			first := b.change(events.Edit, 5, 1, "Template:T", 10)
			b.render(5, 1, "Template:T", 10, "other", nil)
			b.expect("the first change", "content Template:T: 3 template 1", "content Template:T: 4 template 1")
			b.render(6, 3, "A", 3, "", uses{"Template:T@1.10", "Template:U@2.2"})
			b.render(6, 4, "B", 4, "", uses{"Template:T@1.10"})
			b.edit(7, 2, "Template:U", 20, "other", nil)
			b.expect("another", "content Template:U: 3 template 1")
			b.render(8, 3, "A", 3, "", uses{"Template:T@1.10", "Template:U@2.20"})
			if row := b.cascade(first); row.Phase != tables.PhaseComplete || row.Asked != 2 || row.Late != 0 {
				t.Fatalf("%s, asked %d, late %d", row.Phase, row.Asked, row.Late)
			}
			b.page(4, 5, "C", uses{"Template:T@1.1"})
			b.expect("a late page", "content Template:T: 5 template 1")
			if row := b.cascade(first); row.Asked != tt.asked || row.Late != tt.late || row.Outstanding != 0 {
				t.Errorf("asked %d, late %d, outstanding %d; want %d, %d, none", row.Asked, row.Late, row.Outstanding, tt.asked, tt.late)
			}
		})
	}
}

// A chunk that is asked for the first time by a cascade that has ended hears of the end, though it waits for nothing; else it would
// never forget it.
func TestChunksHearOfTheEnd(t *testing.T) {
	t.Parallel()
	b := setup(t, processors.Options{})
	b.page(1, 1, "Template:T", nil)
	b.page(2, 3, "A", uses{"Template:T@1.1"})
	b.edit(5, 1, "Template:T", 10, "other", nil)
	b.render(6, 3, "A", 3, "", uses{"Template:T@1.10"})
	b.expect("the change", "content Template:T: 3 template 1")
	b.change(events.Create, 4, 5000, "C", 5000)
	late := b.late(4, 5000, "C", "Template:T", 1, 1)
	b.renders.Queue(keyOf(5000), late)
	late.Meta.ID, late.Start, late.Links.Template[0].RevID = "not late", at(9), 10
	b.renders.Queue(keyOf(5000), late) // answers before it is asked for
	b.driver.Settle()
	b.expect("a late page", "content Template:T: 5000 template 1")
	b.nothingOpen()
}

// late is a rendering that lists one template.
func (b *bench) late(second int, id int64, title, template string, page, rev int64) events.Render {
	return events.Render{
		Meta: events.Meta{ID: "late"}, Wiki: wiki, Start: at(second), Revision: events.RenderRevision{ID: id},
		Page:  events.RenderPage{ID: id, Title: title, Namespace: namespace(title)},
		Links: events.Links{Template: []events.TemplateLink{{Namespace: namespace(template), Title: unprefixed(template), PageID: page, RevID: rev}}},
	}
}

// nothingOpen reports chunks that have not heard of the end of a cascade.
func (b *bench) nothingOpen() {
	b.t.Helper()
	n := 0
	for _, e := range topologytest.Rows(b.driver, tables.RequestParts) {
		if e.Value.Asked == nil {
			continue
		}
		n++
		if id, ended, err := tables.CascadeOfPart(e.Key); err != nil || !ended {
			b.t.Errorf("chunk %s: cascade %s has not ended there (%v)", e.Key.First, id, err)
		}
	}
	if n == 0 {
		b.t.Error("nothing was asked for")
	}
}
