package processors_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/dependents"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology/topologytest"
)

// index reads the reverse index of a bench.
type index map[tables.Target]*tables.DependentsRow

func (ix index) Get(key tables.Target) (*tables.DependentsRow, bool, error) {
	row, ok := ix[key]
	return row, ok, nil
}

// plan returns whom an edit of a title would ask for.
func (b *bench) plan(title string) []int64 {
	b.t.Helper()
	ix := index{}
	for _, e := range topologytest.Rows(b.driver, tables.Dependents) {
		ix[e.Key] = e.Value
	}
	p, err := dependents.PlanEdit(ix, tables.Title{Wiki: wiki, Namespace: namespace(title), DBKey: unprefixed(title)})
	if err != nil {
		b.t.Fatal(err)
	}
	var pages []int64
	for _, page := range p.Pages {
		pages = append(pages, page.Page.ID)
	}
	slices.Sort(pages)
	return pages
}

// asks edits a page and returns whom that asks for.
func (b *bench) asks(second int, id int64, title string, list uses, opts ...func(*events.Render)) []int64 {
	b.t.Helper()
	b.requests()
	b.edit(second, id, title, int64(second)*1000, fmt.Sprintf("hash at %d", second), list, opts...)
	pages := map[int64]bool{}
	for {
		_, r, ok := b.asked.Next()
		if !ok {
			return slices.Sorted(maps.Keys(pages))
		}
		if r.Reason != tables.LinkSelf {
			pages[r.PageID] = true
		}
	}
}

func same(t *testing.T, what string, got, want []int64) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: pages %v, want %v", what, got, want)
	}
}

// Two redirects in a row are followed from a template and one from file to file, as MediaWiki does, whoever else is there;
// by those alone who do not list what is behind a redirect.
func TestRedirectsInARow(t *testing.T) {
	t.Parallel()
	for _, others := range []bool{false, true} {
		for _, kind := range []struct {
			prefix, use string
			followed    int
		}{{"Template:", "", 2}, {"File:", "image=", 1}} {
			t.Run(fmt.Sprintf("%s others %t", kind.prefix, others), func(t *testing.T) {
				t.Parallel()
				b := setup(t, processors.Options{})
				name := func(i int) string { return fmt.Sprintf("%sT%d", kind.prefix, i) }
				b.page(1, 1, name(0), nil, direct)
				for i := 1; i <= 4; i++ {
					b.change(events.Create, 1, int64(1+i), name(i), int64(1+i), redirectTo(name(i-1)))
				}
				var want []int64
				for i := 1; i <= 4; i++ {
					b.page(3, int64(10+i), fmt.Sprintf("P%d", i), uses{kind.use + name(i)}, direct)
					if i <= kind.followed {
						want = append(want, int64(10+i))
					}
					if others { // complete lists have what is behind a redirect, or there was none when they were made
						b.page(3, int64(20+i), fmt.Sprintf("Q%d", i), uses{kind.use + name(i)})
					}
				}
				for second := 9; second < 11; second++ {
					same(t, "plan", b.plan(name(0)), want)
					same(t, "edit", b.asks(second, 1, name(0), nil, direct), want)
					b.page(second+20, int64(second), fmt.Sprintf("Later%d", second), uses{kind.use + name(4)}, direct) // not a user
				}
			})
		}
	}
}

// A file's redirect that leads to no file is none, for images.
func TestFileThatRedirectsToAnArticle(t *testing.T) {
	t.Parallel()
	b := setup(t, processors.Options{})
	b.page(1, 1, "A", nil, direct)
	b.change(events.Create, 1, 2, "File:R", 2, redirectTo("A"))
	b.page(3, 3, "P", uses{"image=File:R"}, direct)
	b.page(3, 4, "Q", uses{"File:R"}, direct)
	b.requests()
	b.change(events.Delete, 5, 1, "A", 1)
	b.expect("who includes the redirect shows the article", "delete A: 4 template 1")
}

// A redirect in the middle of two that is set, led elsewhere or removed is felt by those behind the one before it.
func TestRedirectBehindARedirectChanges(t *testing.T) {
	t.Parallel()
	b := setup(t, processors.Options{})
	b.page(1, 1, "Template:T", nil, direct)
	b.page(1, 2, "Template:U", nil, direct)
	b.change(events.Create, 1, 3, "Template:Mid", 3, redirectTo("Template:T"))
	b.change(events.Create, 1, 4, "Template:R", 4, redirectTo("Template:Mid"))
	b.page(3, 5, "P", uses{"Template:R@4.4"}, direct)
	b.requests()
	b.change(events.Edit, 5, 3, "Template:Mid", 30, redirectTo("Template:U"))
	b.expect("led elsewhere", "redirect Template:Mid: 5 template 1")
	b.render(6, 5, "P", 5, "", uses{"Template:R@4.4"}, direct)
	same(t, "edit of the old target", b.asks(7, 1, "Template:T", nil, direct), nil)
	same(t, "edit of the new one", b.asks(8, 2, "Template:U", nil, direct), []int64{5})
	b.requests()
	b.change(events.Delete, 20, 3, "Template:Mid", 30)
	b.expect("removed", "delete Template:Mid: 5 template 1")
}

// A link that comes late goes on by as many redirects as the cascade it is late for.
func TestLateRedirects(t *testing.T) {
	t.Parallel()
	b := setup(t, processors.Options{})
	b.page(1, 1, "Template:T0", nil, direct)
	for i := 2; i <= 4; i++ {
		b.page(2, int64(10+i), fmt.Sprintf("P%d", i), uses{fmt.Sprintf("Template:T%d", i)}, direct)
	}
	b.edit(9, 1, "Template:T0", 10, "other", nil, direct)
	b.requests()
	for i := 4; i >= 1; i-- { // the redirects are older than the edit, and heard of later, the last one first
		b.change(events.Create, 3, int64(1+i), fmt.Sprintf("Template:T%d", i), int64(1+i), redirectTo(fmt.Sprintf("Template:T%d", i-1)))
	}
	var list []string
	for _, r := range b.requests() {
		if r == "content Template:T0: 12 template 1" || r == "content Template:T0: 13 template 1" || r == "content Template:T0: 14 template 1" {
			list = append(list, r)
		}
	}
	if want := []string{"content Template:T0: 12 template 1"}; !slices.Equal(list, want) {
		t.Errorf("the edit asks for %q, want %q", list, want)
	}
}

// Who lists templates of any depth is asked by what it lists, and by nothing else; who lists its own only, by what is behind
// them, whatever the lists of the pages between.
func TestListsOfBothKinds(t *testing.T) {
	t.Parallel()
	b := setup(t, processors.Options{InlineEdges: 2, ChunkWidth: 10})
	b.page(1, 1, "Template:Base", nil, direct)
	b.page(1, 2, "Template:Direct", uses{"Template:Base@1.1"}, direct)
	b.page(1, 3, "Template:Complete", uses{"Template:Base@1.1"})
	var want []int64
	for i := range int64(4) {
		b.page(3, 100+5000*i, fmt.Sprintf("A%d", i), uses{"Template:Direct@2.2"}, direct)
		b.page(3, 101+5000*i, fmt.Sprintf("B%d", i), uses{"Template:Complete@3.3"}, direct)
		b.page(3, 102+5000*i, fmt.Sprintf("C%d", i), uses{"Template:Direct@2.2", "Template:Complete@3.3"}) // by arguments, Base is not shown
		b.page(3, 103+5000*i, fmt.Sprintf("D%d", i), uses{"Template:Direct@2.2", "Template:Base@1.1"})
		want = append(want, 100+5000*i, 101+5000*i, 103+5000*i)
	}
	want = append([]int64{2, 3}, want...)
	slices.Sort(want)
	same(t, "plan", b.plan("Template:Base"), want)
	same(t, "edit", b.asks(9, 1, "Template:Base", nil, direct), want)

	// Another renderer takes over a page.
	b.render(20, 102, "C0", 102, "", uses{"Template:Direct@2.2", "Template:Complete@3.3"}, direct)
	b.render(20, 100, "A0", 100, "", uses{"Template:Direct@2.2"})
	want = slices.DeleteFunc(append(want, 102), func(page int64) bool { return page == 100 })
	slices.Sort(want)
	same(t, "plan", b.plan("Template:Base"), want)
	same(t, "edit", b.asks(21, 1, "Template:Base", nil, direct), want)
}

// A plan is what the edit then asks for.
func TestPlanIsWhatTheEditAsks(t *testing.T) {
	t.Parallel()
	many, most := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		options := processors.Options{}
		if rapid.Bool().Draw(rt, "chunks") {
			options = processors.Options{InlineEdges: 1, WalkChunks: 1, ChunkWidth: 10}
		}
		b := setup(t, options)
		var titles []string
		for i := range 6 {
			titles = append(titles, fmt.Sprintf("Template:T%d", i))
		}
		titles = append(titles, "File:F0", "File:F1", "File:F2", "A0", "A1", "A2", "A3")
		closure := func() func(*events.Render) {
			if rapid.Bool().Draw(rt, "direct") {
				return direct
			}
			return func(*events.Render) {}
		}
		list := func() (l uses) {
			for range rapid.IntRange(0, 3).Draw(rt, "links") {
				use := rapid.SampledFrom(titles).Draw(rt, "title")
				switch kind := rapid.IntRange(0, 5).Draw(rt, "kind"); {
				case namespace(use) == 6 && kind < 3:
					use = "image=" + use
				case kind == 3:
					use = "page=" + use
				case kind == 4:
					use += "!"
				}
				l = append(l, use)
			}
			return l
		}
		id := func(i int) int64 { return int64(1 + 600*i) }
		leads := map[int]bool{}
		for i, title := range titles {
			if i > 0 && rapid.IntRange(0, 1).Draw(rt, "redirect") == 0 {
				leads[i] = true
				b.change(events.Create, 1, id(i), title, id(i), redirectTo(titles[rapid.IntRange(0, i-1).Draw(rt, "to")]))
				continue
			}
			b.page(2, id(i), title, list(), closure())
		}
		for i, title := range titles {
			if leads[i] || rapid.Bool().Draw(rt, "leave") {
				continue
			}
			links, with := list(), closure()
			b.render(5, id(i), title, id(i), fmt.Sprintf("hash-%d", id(i)), links, with)
			planned := b.plan(title)
			asked := b.asks(10+i, id(i), title, links, with)
			if !slices.Equal(planned, asked) {
				rt.Fatalf("an edit of %s asks for %v, the plan was %v", title, asked, planned)
			}
			many, most = many+min(1, len(asked)), max(most, len(asked))
		}
	})
	if many < 50 || most < 4 {
		t.Errorf("%d edits asked for somebody, at most %d", many, most)
	}
}
