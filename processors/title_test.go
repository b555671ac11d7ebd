package processors_test

import (
	"testing"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables/events"
)

func TestTitleChanges(t *testing.T) {
	t.Parallel()
	start := func(t *testing.T) *bench {
		b := setup(t, processors.Options{})
		b.page(1, 2, "A", uses{"Template:T", "page=Template:T"})
		b.page(1, 3, "B", uses{"page=Template:T"})
		b.page(1, 4, "C", uses{"existence=Template:T", "category=Template:T"})
		b.requests()
		return b
	}
	t.Run("create", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		b.change(events.Create, 5, 1, "Template:T", 10)
		b.expect("red links turn blue", "create Template:T: 2 template 1", "create Template:T: 3 page 1", "create Template:T: 4 existence 1")
	})
	t.Run("delete and undelete", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		b.change(events.Create, 5, 1, "Template:T", 10)
		b.requests()
		b.change(events.Delete, 6, 1, "Template:T", 10)
		b.expect("gone", "delete Template:T: 2 template 1", "delete Template:T: 3 page 1", "delete Template:T: 4 existence 1")
		b.change(events.Undelete, 7, 1, "Template:T", 10)
		b.expect("back", "undelete Template:T: 2 template 1", "undelete Template:T: 3 page 1", "undelete Template:T: 4 existence 1")
	})
	t.Run("move with a redirect", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		b.page(4, 5, "D", uses{"Template:U"})
		b.change(events.Create, 5, 1, "Template:T", 10)
		b.requests()
		b.change(events.Move, 6, 1, "Template:U", 11, movedFrom("Template:T", 9))
		b.expect("the new title; the old one waits for its redirect", "move Template:U: 5 template 1")
		b.change(events.Create, 6, 9, "Template:T", 12, redirectTo("Template:U"))
		b.expect("the redirect", "create Template:T: 2 template 1", "create Template:T: 3 page 1", "create Template:T: 4 existence 1")
	})
	t.Run("move without a redirect", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		b.change(events.Create, 5, 1, "Template:T", 10)
		b.requests()
		b.change(events.Move, 6, 1, "Template:U", 11, movedFrom("Template:T", 0))
		b.expect("the old title has nothing", "move Template:T: 2 template 1", "move Template:T: 3 page 1", "move Template:T: 4 existence 1")
	})
	t.Run("a redirect made, retargeted, removed", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		b.change(events.Create, 5, 1, "Template:T", 10)
		b.requests()
		want := []string{"redirect Template:T: 2 template 1", "redirect Template:T: 3 page 1"}
		b.change(events.Edit, 6, 1, "Template:T", 11, redirectTo("Template:U"))
		b.expect("made", want...)
		b.change(events.Edit, 7, 1, "Template:T", 12, redirectTo("Template:V"))
		b.expect("retargeted", want...)
		b.change(events.Edit, 8, 1, "Template:T", 13)
		b.expect("removed", want...)
	})
	t.Run("a category's own page", func(t *testing.T) {
		t.Parallel()
		b := setup(t, processors.Options{})
		b.page(1, 2, "A", uses{"category=Category:C"})
		b.change(events.Create, 5, 1, "Category:C", 10)
		b.expect("its members", "create Category:C: 2 category 1")
	})
}

func TestQuietImport(t *testing.T) {
	t.Parallel()
	b := setup(t, processors.Options{})
	b.page(3, 2, "A", uses{"Template:T@1.1", "page=B@3"})
	b.change(events.Create, 1, 1, "Template:T", 1)
	b.change(events.Create, 1, 3, "B", 3)
	b.expect("all links saw just these pages")
	b.change(events.Delete, 5, 3, "B", 3)
	b.expect("a loss is heard", "delete B: 2 page 1")
	b.change(events.Undelete, 6, 3, "B", 3)
	b.expect("and so is the return", "undelete B: 2 page 1")
}
