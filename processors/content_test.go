package processors_test

import (
	"testing"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables/events"
)

// edit sends an edit and the rendering of its revision.
func (b *bench) edit(second int, id int64, title string, rev int64, hash string, list uses, opts ...func(*events.Render)) events.PageChange {
	b.t.Helper()
	c := b.change(events.Edit, second, id, title, rev)
	b.render(second, id, title, rev, hash, list, opts...)
	return c
}

func TestContentChange(t *testing.T) {
	t.Parallel()
	start := func(t *testing.T) *bench {
		b := setup(t, processors.Options{})
		b.page(1, 1, "Template:T", nil)
		b.page(2, 2, "A", uses{"Template:T@1.1"})
		b.page(2, 3, "B", uses{"page=Template:T@1"})
		b.expect("an import is quiet")
		return b
	}
	t.Run("felt by those who include it", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		b.change(events.Edit, 5, 1, "Template:T", 10)
		b.expect("no rendering has shown the change yet")
		b.render(5, 1, "Template:T", 10, "other", nil)
		b.expect("witnessed", "content Template:T: 2 template 1")
	})
	t.Run("the rendering comes first", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		b.render(5, 1, "Template:T", 10, "other", nil)
		b.expect("nobody has said that there is a change")
		b.change(events.Edit, 5, 1, "Template:T", 10)
		b.expect("said", "content Template:T: 2 template 1")
	})
	t.Run("cut off where nobody can see it", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		b.edit(5, 1, "Template:T", 10, "hash-1", nil)
		b.expect("the same hash")
		b.edit(6, 1, "Template:T", 11, "other", nil)
		b.expect("another", "content Template:T: 2 template 1")
	})
	t.Run("not cut off after a change that nobody rendered", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		b.change(events.Edit, 5, 1, "Template:T", 10) // somebody may have used this text
		b.edit(6, 1, "Template:T", 11, "hash-1", nil)
		b.expect("back to the first text", "content Template:T: 2 template 1")
	})
	t.Run("a repeat changes nothing", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		c := b.change(events.Edit, 5, 1, "Template:T", 10)
		r := b.render(5, 1, "Template:T", 10, "other", nil)
		b.requests()
		b.changes.Send(keyOf(1), c)
		b.renders.Send(keyOf(1), r)
		b.expect("the same events again")
	})
	t.Run("a canary is dropped", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		b.change(events.Edit, 5, 1, "Template:T", 10, func(c *events.PageChange) { c.Meta.Domain = "canary" })
		b.render(5, 1, "Template:T", 10, "other", nil)
		b.expect("a test of the event platform")
	})
	t.Run("by the page change where nobody renders", func(t *testing.T) {
		t.Parallel()
		b := setup(t, processors.Options{StartOn: processors.StartOnChange})
		b.page(1, 1, "Template:T", nil)
		b.page(2, 2, "A", uses{"Template:T@1.1"})
		b.change(events.Edit, 5, 1, "Template:T", 10)
		b.expect("at once", "content Template:T: 2 template 1")
		b.change(events.Edit, 6, 1, "Template:T", 11, func(c *events.PageChange) { c.Revision.ContentSHA1 = "text-10" })
		b.expect("the same text")
	})
}

func TestFileChange(t *testing.T) {
	t.Parallel()
	b := setup(t, processors.Options{})
	b.page(1, 1, "File:F", nil)
	b.page(2, 2, "A", uses{"image=File:F@1"})
	b.page(2, 3, "B", uses{"File:F@1.1"})
	b.edit(5, 1, "File:F", 10, "hash-1", nil)
	b.expect("the text is the same, the file need not be", "file File:F: 2 image 1")
	b.edit(6, 1, "File:F", 11, "other", nil)
	b.expect("the text is another", "file File:F: 2 image 1", "file File:F: 3 template 1")
}
