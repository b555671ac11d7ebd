package processors_test

import (
	"testing"
	"time"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// Where nothing but times tells, what is within the skew of clocks is in doubt, and asked for; what is beyond is not, and neither is what says what it
// saw.
func TestClockSkew(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		second int // of the rendering; the change is of second 100
		link   string
		want   []string
	}{
		{"just behind the change", 104, "image=File:F", []string{"file File:F: 3 image 1"}},
		{"at the skew", 105, "image=File:F", []string{"file File:F: 3 image 1"}},
		{"beyond it", 106, "image=File:F", nil},
		{"just before, and it says what it saw", 97, "Template:T@1.11", nil},
		{"long before, and it says what it saw", -1000, "Template:T@1.11", nil},
		{"long behind, and it saw what was before", 1000, "Template:T@1.1", []string{"content Template:T: 3 template 1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, processors.Options{WitnessAfter: -1, ClockSkew: 5 * time.Second})
			b.page(10, 1, "Template:T", nil)
			b.page(10, 2, "File:F", nil)
			b.page(20, 4, "Q", uses{"Template:T@1.1", "image=File:F"}) // so that the changes leave something behind
			b.edit(100, 1, "Template:T", 11, "h11", nil)
			b.edit(100, 2, "File:F", 12, "h12", nil)
			b.asked.All()
			b.render(tt.second, 3, "P", 3, "", uses{tt.link})
			b.expect(tt.name, tt.want...)
		})
	}
}

// A link that saw neither what the last change of the title left there, nor who has it now, is from before, whatever its time.
func TestAnotherPageThanIsThere(t *testing.T) {
	t.Parallel()
	b := used(t, prompt)
	b.change(events.Delete, 100, 1, "Template:T", 1)
	b.asked.All()
	b.render(5000, 4, "Q", 4, "", uses{"Template:T@1.1"})
	b.expect("a page that is gone", "delete Template:T: 4 template 1")
	b.render(5000, 5, "R", 5, "", uses{"Template:T", "Template:Other@8.8"})
	b.expect("there is none, and it saw none")
	b.page(5100, 9, "Template:T", nil)
	b.asked.All()
	b.render(6000, 6, "S", 6, "", uses{"Template:T", "Template:Other@8.8"})
	b.expect("the new one", "create Template:T: 6 template 1")
}

// A rendering that began later than a change and has not seen it shows that the times do not fit. Then those that go by their times alone are in doubt:
// here one that uses the template through another.
func TestTimesThatDoNotFit(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]int{"they do": 50, "they do not": 5000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, prompt)
			b.page(10, 1, "Template:T", nil)
			b.page(12, 2, "Template:U", nil)
			b.page(20, 4, "Q", uses{"Template:T@1.1"})
			b.edit(100, 1, "Template:T", 11, "h11", nil)
			b.render(start, 2, "Template:U", 2, "hu", uses{"Template:T@1.1"}, direct)
			b.asked.All()
			b.render(start+1000, 3, "P", 3, "", uses{"Template:U@2.2"}, direct)
			if start == 50 {
				b.expect("a rendering of long after")
				return
			}
			b.expect("a rendering of nobody knows when", "content Template:T: 3 template 2")
		})
	}
}

// A rendering whose time is still to come counts, and none is in its way: not the next one of its page, not what it is asked for.
func TestRenderingsToCome(t *testing.T) {
	t.Parallel()
	future := func(r *events.Render) { r.Start = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC) }
	b := used(t, prompt)
	b.page(30, 2, "File:F", nil)
	b.page(31, 4, "Q", uses{"image=File:F"})
	b.edit(100, 2, "File:F", 12, "h12", nil)
	b.asked.All()
	b.render(0, 3, "P", 3, "", uses{"Template:T@1.1", "image=File:F"}, future)
	b.expect("what it has come to use in nobody knows which version", "file File:F: 3 image 1")
	b.render(200, 3, "P", 3, "", uses{"Template:T@1.1", "Template:New"})
	c := b.change(events.Create, 300, 7, "Template:New", 70)
	b.expect("what the next one uses", "create Template:New: 3 template 1")
	if row := b.cascade(c); row.Phase == tables.PhaseComplete {
		t.Error("the cascade is complete before the page was rendered")
	}
}

// A rendering none of whose links names a page says nothing of what it saw: it did not find that nothing is there.
func TestRenderingsThatDoNotSayWhatTheySaw(t *testing.T) {
	t.Parallel()
	b := used(t, prompt)
	b.change(events.Delete, 100, 1, "Template:T", 1)
	b.asked.All()
	b.render(50, 4, "Q", 4, "", uses{"Template:T", "page=A"})
	b.expect("a rendering from before", "delete Template:T: 4 template 1")
}
