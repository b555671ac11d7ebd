package processors_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// edit sends an edit and the rendering of its revision.
func (b *bench) edit(second int, id int64, title string, rev int64, hash string, list uses, opts ...func(*events.Render)) {
	b.t.Helper()
	b.change(events.Edit, second, id, title, rev)
	b.render(second, id, title, rev, hash, list, opts...)
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

func keyOf(id int64) tables.PageKey { return tables.PageKey{Wiki: wiki, ID: id} }

func TestLinkChanges(t *testing.T) {
	t.Parallel()
	b := setup(t, processors.Options{})
	b.page(1, 1, "A", uses{"page=B", "external=https://a.example/", "category=Category:C"})
	b.render(2, 1, "A", 1, "", uses{"page=D", "external=https://a.example/"})
	var got []string
	for {
		_, c, ok := b.links.Next()
		if !ok {
			break
		}
		got = append(got, fmt.Sprintf("%s +%v -%v", c.Type, c.Added, c.Removed))
	}
	want := []string{
		"page +[testwiki:0:B] -[]", "category +[testwiki:14:C] -[]", "external +[testwiki:external:https://a.example/] -[]",
		"page +[testwiki:0:D] -[testwiki:0:B]", "category +[] -[testwiki:14:C]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("link changes %q, want %q", got, want)
	}
	b.change(events.Delete, 3, 1, "A", 1)
	if left := b.dependents("D"); len(left) != 0 {
		t.Errorf("a dead page is a dependent: %v", left)
	}
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

func TestBadEvents(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change events.PageChange
		want   []string
	}{
		"a title that cannot be": {
			change: events.PageChange{Wiki: wiki, Page: events.Page{ID: 1, Title: "A|B"}}, want: []string{`"x1"`, `"A|B"`},
		},
		"an unknown wiki": {
			change: events.PageChange{Wiki: "otherwiki", Page: events.Page{ID: 1, Title: "A"}}, want: []string{`"x1"`, `"otherwiki"`},
		},
		"of another page than its key": {
			change: events.PageChange{Wiki: wiki, Page: events.Page{ID: 2, Title: "A"}}, want: []string{`"x1"`, "testwiki:2", "testwiki:1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sites, err := tables.NewSites([]string{wiki})
			if err != nil {
				t.Fatal(err)
			}
			b := setup(t, processors.Options{Sites: sites})
			c := tt.change
			c.Meta.ID, c.Time, c.Kind, c.Revision.ID = "x1", at(1), events.Create, 1
			err = b.changes.SendErr(tables.PageKey{Wiki: c.Wiki, ID: 1}, c)
			if err == nil {
				t.Fatal("taken")
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not name %s", err, part)
				}
			}
		})
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	_, err := processors.New(processors.Options{StartOn: "never", ChunkWidth: 40, InlineEdges: -1, WalkChunks: -1, AbandonAfter: -1})
	if err == nil {
		t.Fatal("taken")
	}
	for _, field := range []string{"StartOn", "ChunkWidth", "InlineEdges", "WalkChunks", "AbandonAfter"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("error %q does not name %s", err, field)
		}
	}
}

// The tables that views and joins use are those that the pipeline's processors keep.
func TestTableTopics(t *testing.T) {
	t.Parallel()
	topo, err := processors.New(processors.Options{})
	if err != nil {
		t.Fatal(err)
	}
	text := topo.String()
	for _, topic := range []string{
		tables.Pages.Topic(), tables.Titles.Topic(), tables.Links.Topic(), tables.Dependents.Topic(), tables.Requests.Topic(), tables.Cascades.Topic(),
	} {
		if !strings.Contains(text, "table  <- "+topic+"\n") {
			t.Errorf("no processor keeps %q:\n%s", topic, text)
		}
	}
}
