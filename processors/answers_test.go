package processors_test

import (
	"testing"
	"time"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology/topologytest"
)

// caused names a change's cascade as the cause of a rendering.
func caused(c events.PageChange) func(*events.Render) {
	return func(r *events.Render) { r.Cause = &events.Cause{CascadeID: string(cascadeOf(c))} }
}

// outstanding is how many pages a change's cascade waits for.
func (b *bench) outstanding(c events.PageChange) int64 {
	b.t.Helper()
	return b.cascade(c).Outstanding
}

// What a rendering saw of the title decides whether it is an answer, whatever its clock says; where it says nothing, times do.
func TestAnswersByEvidence(t *testing.T) {
	t.Parallel()
	const early, late = -100_000, 100_000 // by the renderer's clock; the changes are of second 100
	edit := func(b *bench) events.PageChange { return b.edit(100, 1, "Template:T", 11, "h11", nil) }
	gone := func(b *bench) events.PageChange { return b.change(events.Delete, 100, 1, "Template:T", 1) }
	came := func(b *bench) events.PageChange { return b.change(events.Create, 100, 9, "Template:New", 90) }
	for _, tt := range []struct {
		name   string
		change func(*bench) events.PageChange
		second int
		links  uses
		opts   []func(*events.Render)
		answer bool
	}{
		{name: "the revision, by a clock that is behind", change: edit, second: early, links: uses{"Template:T@1.11"}, answer: true},
		{name: "a later one", change: edit, second: early, links: uses{"Template:T@1.12"}, answer: true},
		{name: "a later one, of another page", change: edit, second: early, links: uses{"Template:T@5.12"}, answer: true},
		{name: "the one before, by a clock that is ahead", change: edit, second: late, links: uses{"Template:T@1.1"}},
		{name: "the one before, though it was made for the change", change: edit, second: late, links: uses{"Template:T@1.1"}, opts: []func(*events.Render){nil}},
		{name: "no page", change: edit, second: late, links: uses{"Template:T", "page=A@4"}},
		{name: "nothing is named", change: edit, second: late, links: uses{"Template:T", "page=A"}, answer: true},
		{name: "nothing is named, and it began before", change: edit, second: early, links: uses{"Template:T", "page=A"}},
		{name: "no revision", change: edit, second: late, links: uses{"Template:T@1"}, answer: true},
		{name: "no revision, and it began before", change: edit, second: early, links: uses{"Template:T@1"}},
		{name: "whether there is a page says nothing of an edit", change: edit, second: early, links: uses{"page=Template:T@1"}},
		{name: "no link, and it began before", change: edit, second: early, links: uses{"Template:U@2.2"}},
		{name: "no link, and it began later", change: edit, second: late, links: uses{"Template:U@2.2"}, answer: true},
		{name: "two links, of which one saw the one before", change: edit, second: late, links: uses{"existence=Template:T@1", "Template:T@1.1"}},
		{name: "a list of its own text that does not name the title", change: edit, second: early, links: uses{"Template:U@2.2"}, opts: []func(*events.Render){direct}},

		{name: "the page that is gone, by a clock that is ahead", change: gone, second: late, links: uses{"Template:T@1.1"}},
		{name: "the page that is gone, but it was made for the change: it is back", change: gone, second: late, links: uses{"Template:T@1.1"}, opts: []func(*events.Render){nil}, answer: true},
		{name: "that there is none, by a clock that is behind", change: gone, second: early, links: uses{"Template:T", "page=A@4"}, answer: true},
		{name: "nothing is named, of a page that is gone", change: gone, second: early, links: uses{"Template:T"}},

		{name: "the page that came, by a clock that is behind", change: came, second: early, links: uses{"Template:New@9.90"}, answer: true},
		{name: "the page that came, at a later revision", change: came, second: early, links: uses{"Template:New@9.95"}, answer: true},
		{name: "the page that came, as a link to it says", change: came, second: early, links: uses{"page=Template:New@9"}, answer: true},
		{name: "that it has not come, by a clock that is ahead", change: came, second: late, links: uses{"Template:New", "page=A@4"}},
		{name: "an earlier page", change: came, second: late, links: uses{"Template:New@8.80"}},
		{name: "an earlier page, but it was made for the change", change: came, second: late, links: uses{"Template:New@8.80"}, opts: []func(*events.Render){nil}, answer: true},
		{name: "a page of later", change: came, second: late, links: uses{"Template:New@8.95"}, answer: true},
		{name: "a page of nobody knows when, and it began before", change: came, second: early, links: uses{"page=Template:New@8"}},
		{name: "that it has not come, but it was made for the change", change: came, second: late, links: uses{"Template:New", "page=A@4"}, opts: []func(*events.Render){nil}, answer: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, prompt)
			b.page(10, 1, "Template:T", nil)
			b.page(11, 2, "Template:U", nil)
			b.page(20, 3, "P", uses{"Template:T@1.1", "Template:U@2.2", "Template:New", "page=Template:New"})
			c := tt.change(b)
			if n := b.outstanding(c); n != 1 {
				t.Fatalf("the cascade waits for %d pages, want 1", n)
			}
			b.driver.Restart()
			for i, o := range tt.opts {
				if o == nil { // made for the change
					tt.opts[i] = caused(c)
				}
			}
			b.render(tt.second, 3, "P", 3, "", tt.links, tt.opts...)
			want := int64(1)
			if tt.answer {
				want = 0
			}
			if n := b.outstanding(c); n != want {
				t.Errorf("%d pages are waited for, want %d", n, want)
			}
		})
	}
}

// What a page saw at its own title, or of itself, says nothing.
func TestOwnTitleIsNoEvidence(t *testing.T) {
	t.Parallel()
	b := setup(t, prompt)
	b.page(10, 1, "Template:T", uses{"Template:T@1.1"})
	c := b.edit(100, 1, "Template:T", 11, "h11", uses{"Template:T@1.1"})
	if n := b.outstanding(c); n != 1 {
		t.Fatalf("the cascade waits for %d pages, want 1", n)
	}
	b.render(110, 1, "Template:T", 11, "h11", uses{"Template:T@1.1"})
	if n := b.outstanding(c); n != 0 {
		t.Errorf("%d pages are waited for: one by what it saw of itself", n)
	}
}

// A rendering that shows a change of a title shows those before it, whatever it saw: one that came and went, a revision that was taken back.
func TestAnswersToLaterChanges(t *testing.T) {
	t.Parallel()
	t.Run("both wait", func(t *testing.T) {
		t.Parallel()
		b := used(t, prompt)
		first := b.edit(100, 1, "Template:T", 11, "h11", nil)
		second := b.change(events.Delete, 110, 1, "Template:T", 11)
		if n, m := b.outstanding(first), b.outstanding(second); n != 1 || m != 1 {
			t.Fatalf("the cascades wait for %d and %d pages, want 1 each", n, m)
		}
		b.render(-1000, 3, "P", 3, "", uses{"Template:T", "page=A@4"})
		if n, m := b.outstanding(first), b.outstanding(second); n != 0 || m != 0 {
			t.Errorf("the cascades wait for %d and %d pages, want none", n, m)
		}
	})
	t.Run("the rendering comes before the later change", func(t *testing.T) {
		t.Parallel()
		b := used(t, prompt)
		first := b.edit(100, 1, "Template:T", 11, "h11", nil)
		b.render(120, 3, "P", 3, "", uses{"Template:T", "page=A@4"})
		if n := b.outstanding(first); n != 1 {
			t.Fatalf("the cascade waits for %d pages, want 1: nobody knows of the delete", n)
		}
		second := b.change(events.Delete, 110, 1, "Template:T", 11)
		if n, m := b.outstanding(first), b.outstanding(second); n != 0 || m != 0 {
			t.Errorf("the cascades wait for %d and %d pages, want none", n, m)
		}
	})
}

// A crash may have a title take its changes in again, in another order: then two of them say that they have the same place, or the later one is told its place
// twice. A rendering that shows the later one is an answer to both.
func TestAnswersToChangesInAnotherOrder(t *testing.T) {
	t.Parallel()
	for name, orders := range map[string][]int64{"the same place": {2}, "a later place": {1, 3}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, processors.Options{})
			chunk, edit := tables.PageKey{Wiki: wiki}, nth(5)
			gone := tables.NewCascade(tables.ChangeDelete, edit.RootTitle(), "gone", at(6).Unix(), 6)
			edit.Page, edit.Order = 1, 2
			asks := topologytest.Input(b.driver, tables.Asks)
			asks.Send(chunk, askOf(edit, 7))
			for _, gone.Order = range orders {
				gone.Page = -1
				asks.Send(chunk, askOf(gone, 7))
			}
			b.render(-1000, 7, "Seven", 1, "", uses{"Template:T5", "page=A@4"})
			for _, c := range []tables.Cascade{edit, gone} {
				p, _ := topologytest.Value(b.driver, tables.RequestParts, tables.OpenPart(chunk, c.ID))
				if p == nil || !p.Asked.Answered.Has(7) {
					t.Errorf("not an answer to the %s: %+v", c.Kind, p)
				}
			}
		})
	}
}

// What a chunk keeps to compare renderings with survives a restart, and costs few bytes.
func TestEvidenceIsKept(t *testing.T) {
	t.Parallel()
	b := setup(t, processors.Options{WitnessAfter: -1, ClockSkew: 5 * time.Second})
	b.page(10, 1, "Template:T", nil)
	b.page(20, 3, "P", uses{"Template:T@1.1"})
	c := b.edit(100, 1, "Template:T", 1_234_567_890, "h11", nil)
	b.driver.Restart()
	b.render(5000, 3, "P", 3, "", uses{"Template:T@1.1234567889"})
	if n := b.outstanding(c); n != 1 {
		t.Errorf("%d pages are waited for: a rendering of the revision before has answered", n)
	}
	b.driver.Restart()
	b.render(-5000, 3, "P", 3, "", uses{"Template:T@1.1234567890"})
	if n := b.outstanding(c); n != 0 {
		t.Errorf("%d pages are waited for: the rendering of the revision has not answered", n)
	}
	for key, value := range sizes(t, b.driver, tables.RequestParts) {
		if len(key) == 21 && len(key)+len(value) > 62 {
			t.Errorf("a row of an open cascade has %d bytes", len(key)+len(value))
		}
	}
}

// After a crash the rows of cascades may be behind that of the page: the rendering is compared once more, by what it saw.
func TestEvidenceAfterACrash(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		link   string
		answer bool
	}{"fresh": {"Template:T5@1.5", true}, "stale": {"Template:T5@1.4", false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, processors.Options{})
			chunk, c := tables.PageKey{Wiki: wiki}, nth(5)
			c.Page, c.Order = 1, 1
			torn := tables.PageRender{Offset: 7, Start: at(9).Unix(), At: tables.PlaceOf(0, 0)}
			torn.Recent.Add("again", tables.AnswerEvents)
			topologytest.Seed(b.driver, tables.RequestParts).Send(tables.PagePart(chunk, 7), &tables.RequestPart{Page: &torn})
			topologytest.Seed(b.driver, tables.RequestParts).Send(tables.OpenPart(chunk, c.ID), &tables.RequestPart{
				Asked: &tables.AskedPages{Moment: c.Moment(), Asked: tables.PageSet{7}, ToSee: tables.ToSeeOf(&c, chunk)},
			})
			topologytest.Input(b.driver, tables.Asks).Send(chunk, askOf(nth(4), 8)) // and so there is a timer
			b.render(9, 7, "Seven", 1, "", uses{tt.link}, func(r *events.Render) { r.Meta.ID = "again" })
			if p, _ := topologytest.Value(b.driver, tables.RequestParts, tables.OpenPart(chunk, c.ID)); p.Asked.Answered.Has(7) != tt.answer {
				t.Errorf("answered: %t, want %t", !tt.answer, tt.answer)
			}
		})
	}
}
