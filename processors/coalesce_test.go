package processors_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology/topologytest"
)

// coalescing has two templates, pages 1 and 2, that page 3 uses, and a clock that is the driver's.
func coalescing(t *testing.T, o processors.Options) *bench {
	t.Helper()
	var d *topologytest.Driver
	o.Coalesce, o.WitnessAfter, o.Now = time.Hour, -1, func() time.Time { return d.Now() }
	b := setup(t, o)
	d = b.driver
	d.Advance(at(10_000).Sub(d.Now()))
	b.page(10, 1, "Template:T", nil)
	b.page(11, 2, "Template:U", nil)
	b.page(20, 3, "P", uses{"Template:T@1.1", "Template:U@2.2"})
	b.asked.All()
	return b
}

// waiting compares how many pages cascades wait for.
func (b *bench) waiting(when string, want int64, changes ...events.PageChange) {
	b.t.Helper()
	for _, c := range changes {
		if n := b.outstanding(c); n != want {
			b.t.Errorf("%s: the cascade of %s waits for %d pages, want %d", when, c.Meta.ID, n, want)
		}
	}
}

// A page that is asked for already is not asked for by another cascade. The rendering that comes answers all that it shows, and one request is sent for the others.
func TestCoalescing(t *testing.T) {
	t.Parallel()
	t.Run("the answer shows all", func(t *testing.T) {
		t.Parallel()
		b := coalescing(t, processors.Options{})
		first := b.edit(100, 1, "Template:T", 11, "h11", nil)
		b.expect("the first", "content Template:T: 3 template 1")
		second := b.edit(110, 2, "Template:U", 12, "h12", nil)
		third := b.edit(120, 1, "Template:T", 13, "h13", nil)
		b.expect("the others")
		b.waiting("unanswered", 1, first, second, third)
		b.driver.Restart()
		b.render(115, 3, "P", 3, "", uses{"Template:T@1.13", "Template:U@2.12"})
		b.waiting("answered", 0, first, second, third)
		b.expect("it is fresh")
		b.edit(130, 2, "Template:U", 14, "h14", nil)
		b.expect("the next", "content Template:U: 3 template 1")
	})
	t.Run("it shows some", func(t *testing.T) {
		t.Parallel()
		b := coalescing(t, processors.Options{})
		first := b.edit(100, 1, "Template:T", 11, "h11", nil)
		second := b.edit(110, 2, "Template:U", 12, "h12", nil)
		third := b.edit(120, 2, "Template:U", 13, "h13", nil)
		b.asked.All()
		b.render(5000, 3, "P", 3, "", uses{"Template:T@1.11", "Template:U@2.12"}) // by a clock that is ahead
		b.waiting("what it shows", 0, first, second)
		b.waiting("what it does not", 1, third)
		if since := b.stale(3); since != at(5000).Unix() {
			t.Errorf("stale since %d, want the rendering that is stale: %d", since, at(5000).Unix())
		}
		b.render(5001, 3, "P", 3, "", uses{"Template:T@1.11", "Template:U@2.13"})
		b.waiting("the answer to the second request", 0, third)
		b.expect("nothing is left")
	})
	t.Run("the latest asks", func(t *testing.T) {
		t.Parallel()
		b := coalescing(t, processors.Options{})
		b.edit(100, 1, "Template:T", 11, "h11", nil)
		b.edit(110, 1, "Template:T", 12, "h12", nil)
		b.driver.Advance(time.Second)
		b.edit(105, 2, "Template:U", 13, "h13", nil)
		b.asked.All()
		b.render(100, 3, "P", 3, "", uses{"Template:T@1.11", "Template:U@2.2"})
		b.expect("one request", "content Template:U: 3 template 1")
		b.render(100, 3, "P", 3, "", uses{"Template:T@1.11", "Template:U@2.2"})
		b.expect("nothing has come since")
	})
}

// Where nothing but times tells, a rendering in doubt is an answer to the request that it follows, and none to what came behind that.
func TestCoalescingInDoubt(t *testing.T) {
	t.Parallel()
	b := coalescing(t, processors.Options{ClockSkew: 5 * time.Second})
	first := b.edit(100, 1, "Template:T", 11, "h11", nil)
	second := b.edit(110, 2, "Template:U", 12, "h12", nil)
	b.asked.All()
	b.render(112, 3, "P", 3, "", uses{"Template:T", "Template:U"})
	b.waiting("long before", 0, first)
	b.waiting("just before", 1, second)
	b.expect("in doubt", "content Template:U: 3 template 1")
	b.render(113, 3, "P", 3, "", uses{"Template:T", "Template:U"})
	b.waiting("the answer", 0, second)
	b.expect("nothing is left")
}

// While the renderer is away each page is asked for once, whatever comes; and when it comes back all pages come to be fresh.
func TestCoalescingWhileTheRendererIsAway(t *testing.T) {
	t.Parallel()
	const users, changes = 20, 1000
	b := setup(t, processors.Options{Coalesce: time.Hour, StartOn: processors.StartOnChange, OpenCascades: 32})
	b.page(10, 1, "Template:T", nil)
	for i := range int64(users) {
		b.page(20, 10+i, "P", uses{"Template:T@1.1"})
	}
	b.asked.All()
	for i := range changes {
		b.change(events.Edit, 100+i, 1, "Template:T", int64(1001+i))
	}
	perPage := func() map[int64]int {
		n := map[int64]int{}
		for _, r := range b.asked.All() {
			n[r.Value.PageID]++
		}
		return n
	}
	n := perPage()
	if len(n) != users+1 { // and the template itself
		t.Errorf("%d pages are asked for, want %d", len(n), users+1)
	}
	for page, n := range n {
		if n != 1 {
			t.Errorf("page %d is asked for %d times", page, n)
		}
	}
	for _, e := range topologytest.Rows(b.driver, tables.Requests) {
		if value, err := tables.RequestRows.Encode(e.Value); err != nil || len(value) > 200 {
			t.Errorf("the row of a chunk has %d bytes (%v)", len(value), err)
		}
	}
	b.driver.Restart()
	second := 100 // what the renderer began when it went away, it sends first
	for round := range 3 {
		for i := range int64(users) {
			b.render(second, 10+i, "P", 10+i, "", uses{"Template:T@1." + map[bool]string{true: "1001", false: "2000"}[round == 0]})
		}
		n := perPage()
		for i := range int64(users) {
			if want := map[int]int{0: 1, 1: 0, 2: 0}[round]; n[10+i] != want {
				t.Errorf("round %d: page %d is asked for %d times, want %d", round, 10+i, n[10+i], want)
			}
		}
		second = 5000
	}
	for _, e := range topologytest.Rows(b.driver, tables.Cascades) {
		if e.Value.Outstanding != 0 {
			t.Errorf("cascade %s waits for %d pages", e.Key, e.Value.Outstanding)
		}
	}
	b.change(events.Edit, 6000, 1, "Template:T", 6000)
	if n := perPage(); n[10] != 1 {
		t.Errorf("the next change asks %d times for a page", n[10])
	}
}

// A page that is not rendered is asked for again after a time, at the latest after twice of it, then with pauses that double, for as long as anything waits for it, also
// after a restart; one that was given up, or that died, is not.
func TestCoalescingAsksAgainAfterATime(t *testing.T) {
	t.Parallel()
	b := coalescing(t, processors.Options{AbandonAfter: 7 * 3600})
	c := b.edit(100, 1, "Template:T", 11, "h11", nil)
	b.asked.All()
	var again []int
	for i := range 41 {
		b.driver.Advance(10 * time.Minute)
		b.driver.Restart()
		for range b.requests() {
			again = append(again, i/6)
		}
	}
	if want := []int{1, 3}; !slices.Equal(again, want) { // and next after eight hours
		t.Errorf("asked for again in the hours %v, want %v", again, want)
	}
	b.driver.Advance(10 * time.Hour)
	b.requests()
	if row := b.cascade(c); row.Phase != tables.PhaseAbandoned {
		t.Errorf("after its time the cascade is %s", row.Phase)
	}
	b.driver.Advance(10 * time.Hour)
	b.expect("nobody waits")

	b.edit(200, 1, "Template:T", 12, "h12", nil)
	b.expect("the next change", "content Template:T: 3 template 1")
	b.change(events.Delete, 210, 3, "P", 3)
	b.driver.Advance(10 * time.Hour)
	b.expect("it is dead")
}

// A page whose delete was lost is asked for some times and no more, whether its own change waits or a cascade; and again once somebody else asks.
func TestCoalescingEndsForAPageThatIsGone(t *testing.T) {
	t.Parallel()
	b := coalescing(t, processors.Options{AbandonAfter: 100 * 3600})
	b.change(events.Edit, 90, 3, "P", 31)
	b.edit(100, 1, "Template:T", 11, "h11", nil)
	hours := func(n int) (asked int) {
		for range n {
			b.driver.Advance(time.Hour)
			for _, r := range b.requests() {
				if strings.Contains(r, ": 3 ") {
					asked++
				}
			}
		}
		return asked
	}
	if n := hours(110); n < 4 || n > 9 {
		t.Errorf("asked for %d times in 110 hours, want about once each time that they double", n)
	}
	if n := hours(200); n > 0 {
		t.Errorf("asked for %d times afterwards, want none", n)
	}
	for _, e := range topologytest.Rows(b.driver, tables.Requests) {
		if e.Value.Waits != nil {
			t.Errorf("a page waits still: %+v", e.Value.Waits)
		}
	}
	b.edit(200, 2, "Template:U", 12, "h12", nil)
	if n := hours(3); n == 0 {
		t.Error("the next change does not ask")
	}
}

// A page that is edited while it is not rendered is asked for once, and once more if the rendering is of an earlier revision.
func TestCoalescingOfThePageItself(t *testing.T) {
	t.Parallel()
	b := coalescing(t, processors.Options{})
	selves := func(when string, want ...int64) {
		t.Helper()
		var revs []int64
		for _, r := range b.asked.All() {
			if r.Value.PageID == 3 {
				revs = append(revs, r.Value.Cascade.Rev)
			}
		}
		if len(revs) != len(want) || len(want) > 0 && revs[0] != want[0] {
			t.Errorf("%s: asked for revisions %v, want %v", when, revs, want)
		}
	}
	for i := range 5 {
		b.change(events.Edit, 100+i, 3, "P", int64(31+i))
	}
	selves("five edits", 31)
	b.render(101, 3, "P", 31, "", uses{"Template:T@1.1"})
	selves("a rendering of the first", 35)
	b.edit(120, 1, "Template:T", 40, "h40", nil)
	selves("a change of what it uses", 40)
	b.render(110, 3, "P", 35, "", uses{"Template:T@1.1"})
	selves("a rendering of the last, from before that change", 40)
	b.render(130, 3, "P", 35, "", uses{"Template:T@1.40"})
	selves("a rendering of it")
	b.render(140, 3, "P", 36, "", uses{"Template:T@1.40"})
	b.change(events.Edit, 139, 3, "P", 36)
	selves("rendered before it is heard of", 36)
	b.edit(150, 1, "Template:T", 41, "h41", nil)
	selves("that is answered", 41)
}

// A cascade that is given up while a page that it asked for behind a request is not rendered leaves that to the others that wait for the page, or asks at once.
func TestCoalescingOfWhatIsGivenUp(t *testing.T) {
	t.Parallel()
	b := setup(t, processors.Options{Coalesce: time.Hour, OpenCascades: 1, EndedCascades: 1})
	asks, chunk := topologytest.Input(b.driver, tables.Asks), tables.PageKey{Wiki: wiki}
	ask := func(i int, pages ...byte) {
		c := nth(i)
		c.Page, c.Order = 100, int64(i)
		asks.Send(chunk, askOf(c, pages...))
	}
	ask(1, 7)
	ask(2, 7, 8)
	ask(3, 9) // the others are given up: 7 was asked for behind the request of 1
	n := map[int64][]int64{}
	for _, r := range b.asked.All() {
		n[r.Value.PageID] = append(n[r.Value.PageID], r.Value.Cascade.Rev)
	}
	if len(n[7]) != 2 || n[7][1] != 2 || len(n[8]) != 1 || len(n[9]) != 1 {
		t.Errorf("asked for %v, want 7 for 1 and 2, 8 for 2, and 9 for 3", n)
	}
}

// Where it is off, nothing is kept for it.
func TestNoCoalescing(t *testing.T) {
	t.Parallel()
	b := used(t, prompt)
	b.edit(100, 1, "Template:T", 11, "h11", nil)
	b.edit(110, 1, "Template:T", 12, "h12", nil)
	b.expect("two edits", "content Template:T: 3 template 1", "content Template:T: 3 template 1")
	if n := len(topologytest.Rows(b.driver, tables.Requests)); n > 0 {
		t.Errorf("%d rows of chunks, want none", n)
	}
	for _, e := range topologytest.Rows(b.driver, tables.RequestParts) {
		if e.Value.Asked != nil && e.Value.Asked.Again != nil || e.Value.Page != nil && e.Value.Page.Self != nil {
			t.Errorf("a row has what is needed to ask again: %+v", e.Value)
		}
	}
}
