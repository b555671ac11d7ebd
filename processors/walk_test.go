package processors_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

func TestRecursion(t *testing.T) {
	t.Parallel()
	t.Run("through templates that name their own templates only", func(t *testing.T) {
		t.Parallel()
		b := setup(t, processors.Options{})
		b.page(1, 1, "Template:Base", nil, direct)
		b.page(2, 2, "Template:Mid", uses{"Template:Base@1.1"}, direct)
		b.page(2, 3, "Template:Doc", uses{"Template:Base@1.1!"}, direct)
		b.page(3, 4, "A", uses{"Template:Mid@2.2"}, direct)
		b.page(3, 5, "B", uses{"Template:Doc@3.3"}, direct)
		b.edit(9, 1, "Template:Base", 10, "other", nil, direct)
		b.expect("the documentation's use ends with the page that has it",
			"content Template:Base: 2 template 1", "content Template:Base: 3 template 1", "content Template:Base: 4 template 2")
	})
	t.Run("cycles end", func(t *testing.T) {
		t.Parallel()
		b := setup(t, processors.Options{})
		b.page(1, 1, "Template:A", uses{"Template:B@2.2"}, direct)
		b.page(1, 2, "Template:B", uses{"Template:A@1.1"}, direct)
		b.page(2, 3, "P", uses{"Template:A@1.1"}, direct)
		b.requests()
		b.edit(9, 1, "Template:A", 10, "other", uses{"Template:B@2.2"}, direct)
		b.expect("each page once", "content Template:A: 1 template 2", "content Template:A: 2 template 1", "content Template:A: 3 template 1")
	})
	t.Run("through a redirect", func(t *testing.T) {
		t.Parallel()
		b := setup(t, processors.Options{})
		b.page(1, 1, "Template:T", nil, direct)
		b.change(events.Create, 2, 2, "Template:R", 2, redirectTo("Template:T"))
		b.page(3, 3, "P", uses{"Template:R@2.2"}, direct)
		b.requests()
		b.edit(9, 1, "Template:T", 10, "other", nil, direct)
		b.expect("as a first hop", "content Template:T: 3 template 1")
	})
	t.Run("a use that comes late", func(t *testing.T) {
		t.Parallel()
		b := setup(t, processors.Options{})
		b.page(1, 1, "Template:Base", nil, direct)
		b.page(1, 2, "Template:Mid", uses{"Template:Base@1.1"}, direct)
		b.edit(9, 1, "Template:Base", 10, "other", nil, direct)
		b.expect("nobody uses Mid", "content Template:Base: 2 template 1")
		b.page(5, 3, "P", uses{"Template:Mid@2.2"}, direct)
		b.expect("this rendering began before the change", "content Template:Base: 3 template 2")
		b.page(10, 4, "Q", uses{"Template:Mid@2.2"}, direct)
		b.expect("this one after it")
	})
}

func TestLateLinks(t *testing.T) {
	t.Parallel()
	start := func(t *testing.T) *bench {
		b := setup(t, processors.Options{})
		b.page(1, 1, "Template:T", nil)
		b.edit(5, 1, "Template:T", 10, "other", nil)
		b.expect("no users")
		return b
	}
	for name, tt := range map[string]struct {
		second int
		met    string
		stale  bool
	}{
		"the old revision":               {second: 9, met: "@1.1", stale: true},
		"the new revision":               {second: 5, met: "@1.10"},
		"began after the change":         {second: 6, met: "@1.0"},
		"of the same second":             {second: 5, met: "@1.0", stale: true},
		"met another page, began before": {second: 4, met: "@7.20", stale: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			b.page(tt.second, 2, "P", uses{"Template:T" + tt.met})
			if tt.stale {
				b.expect("late", "content Template:T: 2 template 1")
			} else {
				b.expect("fresh")
			}
		})
	}
}

func TestCourseOfACascade(t *testing.T) {
	t.Parallel()
	b := setup(t, processors.Options{})
	b.page(1, 1, "Template:T", nil)
	b.page(2, 2, "A", uses{"Template:T@1.1"})
	b.page(2, 3, "B", uses{"Template:T@1.1"})
	b.course()
	b.edit(5, 1, "Template:T", 10, "other", nil)
	steps := func(want ...string) {
		t.Helper()
		if got := b.course(); !slices.Equal(got, want) {
			t.Errorf("phases %q, want %q", got, want)
		}
	}
	steps("content Template:T started 0/0", "content Template:T expanded 2/2")
	b.render(6, 2, "A", 2, "hash-2", uses{"Template:T@1.10"})
	steps()
	b.change(events.Delete, 7, 3, "B", 3)
	steps("content Template:T complete 2/0")
}

func TestSupersession(t *testing.T) {
	t.Parallel()
	b := setup(t, processors.Options{InlineEdges: 1, WalkChunks: 1, ChunkWidth: 10})
	b.page(1, 1, "Template:T", nil)
	pages := map[string]bool{}
	for id := int64(2); id < 30; id++ {
		b.page(2, id*1024, fmt.Sprintf("P%d", id), uses{"Template:T@1.1"})
		pages[fmt.Sprintf("content Template:T: %d template 1", id*1024)] = true
	}
	b.requests()
	b.course()
	c := b.change(events.Edit, 5, 1, "Template:T", 10)
	first := cascadeOf(c)
	b.queueRender(5, 1, "Template:T", 10, "first")
	c.Meta.ID, c.Time, c.Revision.ID = "second change", at(6), 11
	second := cascadeOf(c)
	b.changes.Queue(keyOf(1), c)
	b.queueRender(6, 1, "Template:T", 11, "second")
	b.driver.Settle()
	asked := map[tables.CascadeID]int{}
	for _, e := range b.asked.All() {
		if e.Value.Reason == tables.LinkTemplate {
			asked[e.Value.Cascade.ID]++
		}
	}
	if asked[second] != len(pages) || asked[first] == 0 || asked[first] >= len(pages) {
		t.Errorf("the first change asks for %d and the second for %d of %d pages", asked[first], asked[second], len(pages))
	}
	var course []string
	for _, e := range b.phases.All() {
		if e.Value.Cascade.ID == first {
			course = append(course, string(e.Value.Phase))
		}
	}
	if want := []string{"started", "superseded"}; !slices.Equal(course, want) {
		t.Errorf("the first change went through %q, want %q", course, want)
	}
}

func cascadeOf(c events.PageChange) tables.CascadeID {
	return tables.NewCascadeID(wiki, tables.Title{Wiki: wiki, Namespace: c.Page.Namespace, DBKey: unprefixed(c.Page.Title)}, c.Meta.ID)
}

// queueRender queues a rendering without links.
func (b *bench) queueRender(second int, id int64, title string, rev int64, hash string) {
	b.renders.Queue(keyOf(id), events.Render{
		Meta: events.Meta{ID: fmt.Sprintf("render of %d", rev)}, Wiki: wiki, Start: at(second), Revision: events.RenderRevision{ID: rev},
		Page: events.RenderPage{ID: id, Title: title, Namespace: namespace(title)}, TransclusionSHA1: hash,
	})
}

func TestChunks(t *testing.T) {
	t.Parallel()
	b := setup(t, processors.Options{InlineEdges: 3, WalkChunks: 2, ChunkWidth: 10})
	b.page(1, 1, "Template:T", nil)
	var want []string
	for i := range int64(40) {
		id := 100 + i*700
		b.page(2, id, fmt.Sprintf("P%d", i), uses{"Template:T@1.1"})
		if i != 7 {
			want = append(want, fmt.Sprintf("content Template:T: %d template 1", id))
		}
	}
	b.render(3, 100+7*700, "P7", 100+7*700, "", nil)
	b.edit(5, 1, "Template:T", 10, "other", nil)
	b.expect("over many chunks, in several steps", want...)
	if c := b.course(); len(c) == 0 || c[len(c)-1] != "content Template:T expanded 39/39" {
		t.Errorf("phases %q", c)
	}
}
