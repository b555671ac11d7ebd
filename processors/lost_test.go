package processors_test

import (
	"testing"
	"time"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology/topologytest"
)

// An edit whose event never comes is told of by the rendering of its revision alone, after a while; and by its event no more, should it come.
func TestEditThatIsLost(t *testing.T) {
	t.Parallel()
	var driver *topologytest.Driver
	b := setup(t, processors.Options{Now: func() time.Time { return driver.Now() }})
	driver = b.driver
	driver.Advance(at(200).Sub(driver.Now()))
	b.page(10, 1, "Template:T", nil)
	b.page(11, 2, "File:F", nil)
	b.page(20, 3, "P", uses{"Template:T@1.1", "image=File:F"})
	b.asked.All()
	b.render(100, 1, "Template:T", 11, "h11", nil)
	b.expect("its event may be on its way")
	driver.Advance(time.Minute)
	b.expect("it is not", "content Template:T: 3 template 1")
	b.change(events.Edit, 90, 1, "Template:T", 11)
	b.expect("it was only late")

	b.render(120, 1, "Template:T", 12, "h11", nil)
	driver.Advance(time.Minute)
	b.expect("an edit that nobody can see")
	b.render(130, 2, "File:F", 13, "hash-2", nil)
	driver.Advance(time.Minute)
	b.expect("a new version of a file", "file File:F: 3 image 1")
	b.render(140, 9, "Template:U", 14, "h14", nil)
	driver.Advance(time.Minute)
	b.expect("a page no change of which was ever seen")
}

// An undelete of a page that is alive tells that it was not, and a later delete of one that is dead that it was alive.
func TestDeleteAndUndeleteThatAreLost(t *testing.T) {
	t.Parallel()
	b := used(t, prompt)
	b.render(100, 3, "P", 3, "", uses{"Template:T"}) // the delete is lost
	b.asked.All()
	undelete := b.change(events.Undelete, 110, 1, "Template:T", 1)
	b.expect("the undelete", "undelete Template:T: 3 template 1")
	b.changes.Send(keyOf(1), undelete)
	b.expect("once more")

	b = used(t, prompt)
	b.change(events.Delete, 100, 1, "Template:T", 1)
	b.render(120, 3, "P", 3, "", uses{"Template:T@1.1"}) // the undelete is lost
	b.asked.All()
	b.change(events.Delete, 130, 1, "Template:T", 1)
	b.expect("the second delete", "delete Template:T: 3 template 1")
	b.change(events.Delete, 130, 1, "Template:T", 1)
	b.expect("under another id")
}

// Where only renderings were seen, what they say of their page's title is enough for changes to go on through it.
func TestRenderingsNameTheirPage(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]int64{"the template first": 2, "its user first": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, prompt)
			for _, id := range []int64{first, 5 - first} {
				if id == 2 {
					b.render(20, 2, "Template:M", 2, "hm", uses{"Template:T@1.1"}, direct)
				} else {
					b.render(21, 3, "P", 3, "", uses{"Template:M@2.2"}, direct)
				}
			}
			b.asked.All()
			b.edit(100, 1, "Template:T", 11, "h11", nil)
			b.expect("an edit of what is used through it", "content Template:T: 2 template 1", "content Template:T: 3 template 2")
		})
	}
}
