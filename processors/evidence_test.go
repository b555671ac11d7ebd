package processors_test

import (
	"testing"
	"time"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology/topologytest"
)

// prompt takes a change that has not come when everything is at rest for lost.
var prompt = processors.Options{WitnessAfter: -1}

// used has a template, page 1, that page 3 uses.
func used(t *testing.T, o processors.Options) *bench {
	t.Helper()
	b := setup(t, o)
	b.page(10, 1, "Template:T", nil)
	b.page(20, 3, "P", uses{"Template:T@1.1"})
	b.asked.All()
	return b
}

func sent(second int) func(*events.PageChange) {
	return func(c *events.PageChange) { c.Sent = at(second) }
}

func model(name string) func(*events.PageChange) {
	return func(c *events.PageChange) { c.Revision.Model = name }
}

// stale returns since when the last request of a page has to be rendered.
func (b *bench) stale(page int64) (since int64) {
	b.t.Helper()
	for _, r := range b.asked.All() {
		if r.Value.PageID == page && r.Value.Reason != tables.LinkSelf {
			since = r.Value.Stale
		}
	}
	return since
}

// The order of a page's changes is that of the log. A clock that goes back hides none.
func TestTimesAreNoOrder(t *testing.T) {
	t.Parallel()
	b := used(t, prompt)
	b.edit(105, 1, "Template:T", 11, "h11", nil)
	b.expect("an edit", "content Template:T: 3 template 1")
	b.edit(104, 1, "Template:T", 12, "h12", nil)
	b.expect("an edit by a clock that is behind", "content Template:T: 3 template 1")
	row, _ := topologytest.Value(b.driver, tables.Pages, tables.PageKey{Wiki: wiki, ID: 1})
	if row.Rev != 12 {
		t.Errorf("the page is at revision %d", row.Rev)
	}
}

// What is known is no news, by whatever id it comes: the same change, one of a revision that was there, one from long ago.
func TestRepeatsUnderOtherIDs(t *testing.T) {
	t.Parallel()
	b := used(t, prompt)
	b.edit(100, 1, "Template:T", 11, "h11", nil)
	b.edit(110, 1, "Template:T", 12, "h12", nil)
	b.asked.All()
	for what, again := range map[string]func(){
		"the last edit":  func() { b.change(events.Edit, 110, 1, "Template:T", 12) },
		"the one before": func() { b.change(events.Edit, 100, 1, "Template:T", 11) },
		"the create":     func() { b.change(events.Create, 10, 1, "Template:T", 1) },
	} {
		again()
		if got := b.asked.All(); len(got) > 0 {
			t.Errorf("%s once more: asks for %+v", what, got)
		}
	}
}

// An import has the time of when its text was written. What counts is when it came into the wiki: by what its event says, or by what a
// rendering saw that began later. Renderers are told so that they act, and nothing counts as answered before they have.
func TestImportsAreOfWhenTheyCame(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		opts []func(*events.PageChange)
		want int
	}{
		"the event says when it was made": {[]func(*events.PageChange){sent(500)}, 500},
		"only renderings tell":            {nil, 300},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, prompt)
			b.page(300, 3, "P", uses{"Template:T"}) // there is no such page
			b.asked.All()
			c := b.change(events.Create, 40, 9, "Template:T", 90, tt.opts...)
			if got, want := b.stale(3), at(tt.want).Unix(); got != want {
				t.Errorf("stale since %d, want %d", got, want)
			}
			if row := b.cascade(c); row.Phase == tables.PhaseComplete {
				t.Error("the cascade is complete before the page was rendered")
			}
			b.render(510, 3, "P", 3, "", uses{"Template:T@9.90"})
			if row := b.cascade(c); row.Phase != tables.PhaseComplete {
				t.Errorf("rendered, and the cascade is %s", row.Phase)
			}
		})
	}
}

// A time that is still to come harms nothing: not the page's later changes, not what is asked for, not other cascades.
func TestTimesToCome(t *testing.T) {
	t.Parallel()
	b := used(t, prompt)
	b.page(30, 5, "Template:U", nil)
	b.page(40, 6, "Q", uses{"Template:U@5.5"})
	b.asked.All()
	other := b.change(events.Edit, 90, 5, "Template:U", 55)
	b.render(91, 5, "Template:U", 55, "h55", nil)
	b.asked.All()
	future := func(c *events.PageChange) { c.Time = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC) }
	b.change(events.Edit, 0, 1, "Template:T", 11, future)
	b.render(100, 1, "Template:T", 11, "h11", nil)
	if since := b.stale(3); since == 0 || time.Unix(since, 0).After(time.Now().Add(time.Minute)) {
		t.Errorf("asks for the page since %d", since)
	}
	b.edit(110, 1, "Template:T", 12, "h12", nil)
	b.expect("the edit behind it", "content Template:T: 3 template 1")
	if row := b.cascade(other); row.Phase != tables.PhaseExpanded || row.Outstanding != 1 {
		t.Errorf("the cascade of another page is %s, with %d outstanding", row.Phase, row.Outstanding)
	}
}

// The first change that is heard of a page says what it says: an edit, of a page that renderings have seen, is an edit.
func TestFirstChangeIsWhatItIs(t *testing.T) {
	t.Parallel()
	b := setup(t, prompt)
	b.page(20, 3, "P", uses{"Template:T@1.10"})
	b.asked.All()
	b.edit(100, 1, "Template:T", 11, "h11", nil)
	b.expect("an edit of a page that was there", "content Template:T: 3 template 1")

	b = setup(t, prompt)
	b.page(20, 3, "P", uses{"Template:T@1.10"})
	b.asked.All()
	b.change(events.Edit, 100, 1, "Template:T", 11, redirectTo("Template:U"))
	b.expect("an edit that makes it a redirect", "create Template:T: 3 template 1")

	b = setup(t, prompt)
	b.page(20, 3, "P", uses{"Template:T"}) // saw nothing: the create is lost
	b.asked.All()
	b.change(events.Edit, 100, 1, "Template:T", 11)
	b.expect("an edit of a page that nobody saw", "create Template:T: 3 template 1")

	b = setup(t, prompt)
	b.page(20, 3, "P", uses{"Template:T@1.10"})
	b.asked.All()
	b.change(events.VisibilityChange, 100, 1, "Template:T", 10)
	b.expect("a revision that is hidden")
}

// A rendering of a revision whose own change is lost shows the change before it, too: after a while, or at once where everything is at rest.
func TestChangeThatIsLost(t *testing.T) {
	t.Parallel()
	b := used(t, prompt)
	b.change(events.Edit, 100, 1, "Template:T", 11)
	b.render(110, 1, "Template:T", 12, "h12", nil)
	b.expect("a rendering of the next revision", "content Template:T: 3 template 1")
	b.change(events.Edit, 105, 1, "Template:T", 12)
	b.expect("the change that was only late")

	var driver *topologytest.Driver
	b = setup(t, processors.Options{Now: func() time.Time { return driver.Now() }})
	driver = b.driver
	driver.Advance(at(200).Sub(driver.Now()))
	b.page(10, 1, "Template:T", nil)
	b.page(20, 3, "P", uses{"Template:T@1.1"})
	b.asked.All()
	b.change(events.Edit, 100, 1, "Template:T", 11)
	b.render(110, 1, "Template:T", 12, "h12", nil)
	b.expect("its change may be on its way")
	driver.Advance(time.Minute)
	b.expect("it is not", "content Template:T: 3 template 1")
}

// A field that is left out is not a no.
func TestFieldsThatAreLeftOut(t *testing.T) {
	t.Parallel()
	b := setup(t, prompt)
	b.page(10, 2, "Template:New", nil)
	b.change(events.Create, 20, 1, "Template:Old", 1, redirectTo("Template:New"))
	b.page(30, 3, "P", uses{"Template:Old@1.1"}, direct)
	b.asked.All()
	b.change(events.VisibilityChange, 40, 1, "Template:Old", 1, func(c *events.PageChange) { c.Page.Redirect = true })
	b.expect("a redirect whose target is not said")
	b.change(events.VisibilityChange, 41, 1, "Template:Old", 1, func(c *events.PageChange) { c.Page.Unsaid = true })
	b.expect("a page of which nothing is said")
	b.edit(50, 2, "Template:New", 22, "h22", nil)
	b.expect("an edit of what it leads to", "content Template:New: 3 template 1")
}

// The same text under another content model is something else, and so it is with another slot.
func TestFormOfATextCounts(t *testing.T) {
	t.Parallel()
	b := setup(t, prompt)
	b.change(events.Create, 10, 1, "Template:T", 1, model("wikitext"))
	b.render(10, 1, "Template:T", 1, "same", nil)
	b.page(20, 3, "P", uses{"Template:T@1.1"})
	b.asked.All()
	b.change(events.Edit, 30, 1, "Template:T", 2, model("wikitext"))
	b.render(31, 1, "Template:T", 2, "same", nil)
	b.expect("another revision of the same text")
	b.change(events.Edit, 40, 1, "Template:T", 3, model("sanitized-css"))
	b.render(41, 1, "Template:T", 3, "same", nil)
	b.expect("another model", "content Template:T: 3 template 1")
	b.change(events.Edit, 50, 1, "Template:T", 4, model("sanitized-css"), func(c *events.PageChange) {
		c.Revision.Others = []events.Slot{{Role: "meta", SHA1: "x"}}
	})
	b.render(51, 1, "Template:T", 4, "same", nil)
	b.expect("another slot", "content Template:T: 3 template 1")
}

// A move tells of the redirect that it leaves: where the redirect's own create is lost, changes go on through it.
func TestRedirectOfAMove(t *testing.T) {
	t.Parallel()
	b := setup(t, prompt)
	b.page(10, 2, "Template:M", uses{"Template:T"})
	b.page(20, 3, "P", uses{"Template:M@2.2"}, direct)
	b.asked.All()
	b.change(events.Move, 30, 2, "Template:M2", 22, movedFrom("Template:M", 7))
	b.render(31, 2, "Template:M2", 22, "", uses{"Template:T"})
	b.expect("the move")
	b.edit(40, 2, "Template:M2", 23, "h23", nil)
	b.expect("an edit of what moved", "content Template:M2: 3 template 1")
}

// A page that turns up at another title has moved, and one that turns up alive was brought back.
func TestMoveAndUndeleteThatAreLost(t *testing.T) {
	t.Parallel()
	b := used(t, prompt)
	b.page(30, 4, "Q", uses{"Template:T2"})
	b.asked.All()
	b.change(events.Edit, 40, 1, "Template:T2", 11)
	b.expect("an edit at another title", "move Template:T2: 4 template 1", "move Template:T: 3 template 1")

	b = used(t, prompt)
	b.change(events.Delete, 40, 1, "Template:T", 1)
	b.render(41, 3, "P", 3, "", uses{"Template:T"})
	b.asked.All()
	b.change(events.Edit, 50, 1, "Template:T", 1)
	b.expect("the edit from before the delete, once more")
	b.change(events.Edit, 60, 1, "Template:T", 12)
	b.expect("an edit of a page that was deleted", "undelete Template:T: 3 template 1")
}

// A page may go back to a smaller revision, and its rendering may be here before the change.
func TestRevisionsThatGoBack(t *testing.T) {
	t.Parallel()
	for name, early := range map[string]bool{"the change first": false, "the rendering first": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := used(t, prompt)
			b.edit(30, 1, "Template:T", 20, "h20", nil)
			b.asked.All()
			if early {
				b.render(41, 1, "Template:T", 15, "h15", nil)
				b.change(events.Edit, 40, 1, "Template:T", 15)
			} else {
				b.edit(40, 1, "Template:T", 15, "h15", nil)
			}
			b.expect("an edit with a smaller revision", "content Template:T: 3 template 1")
		})
	}
}

// Where the namespace of a prior title is left out, its prefix tells.
func TestNamespaceOfAPriorTitle(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ from, to string }{
		"the same":     {"Template:T", "Template:T2"},
		"another":      {"T", "Template:T2"},
		"the main one": {"Template:T", "T2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, prompt)
			b.page(20, 3, "P", uses{tt.from + "@1.1"})
			b.asked.All()
			b.change(events.Move, 30, 1, tt.to, 11, movedFrom(tt.from, 0), func(c *events.PageChange) {
				c.PriorPage.Namespace, c.PriorPage.Unsaid = c.Page.Namespace, true
			})
			b.expect("the move", "move "+tt.from+": 3 template 1")
		})
	}
}
