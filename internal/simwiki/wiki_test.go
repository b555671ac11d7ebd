package simwiki

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

func template(key string) tables.Name { return tables.Name{Namespace: Template, DBKey: key} }
func file(key string) tables.Name     { return tables.Name{Namespace: File, DBKey: key} }
func article(key string) tables.Name  { return tables.Name{Namespace: Article, DBKey: key} }

type bundle struct {
	*Wiki
	sent []string
	last *events.PageChange
}

func setup(t *testing.T, l Listing) *bundle {
	t.Helper()
	b := &bundle{}
	b.Wiki = NewWiki(Options{Listing: l, Emit: func(e Event) {
		b.last = e.Change
		b.sent = append(b.sent, e.Change.Kind.String()+" "+e.Change.Page.Title)
	}})
	return b
}

func (b *bundle) make(t *testing.T, n tables.Name, text Text) int64 {
	t.Helper()
	id, err := b.Create(n, text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What an operation changes of a page that shows the changed one, it changes of its output; and
// nothing else does.
func TestOutputFollows(t *testing.T) {
	t.Parallel()
	use := func(names ...tables.Name) Text { return Text{Included: Part{Templates: names}} }
	for _, tt := range []struct {
		name    string
		page    Text
		do      func(t *testing.T, b *bundle, ids map[string]int64)
		changes bool
	}{
		{"template edited", use(template("T")), func(t *testing.T, b *bundle, ids map[string]int64) {
			must(t, b.Edit(ids["T"], Text{Included: Part{Words: 1, Templates: []tables.Name{template("U")}}}))
		}, true},
		{"only its documentation", use(template("T")), func(t *testing.T, b *bundle, ids map[string]int64) {
			must(t, b.Edit(ids["T"], Text{Included: Part{Templates: []tables.Name{template("U")}}, PageOnly: Part{Words: 1}}))
		}, false},
		{"template of the template edited", use(template("T")), func(t *testing.T, b *bundle, ids map[string]int64) {
			must(t, b.Edit(ids["U"], Text{Included: Part{Words: 1}}))
		}, true},
		{"template deleted", use(template("U")), func(t *testing.T, b *bundle, ids map[string]int64) { must(t, b.Delete(ids["U"])) }, true},
		{"template moved with a redirect", use(template("U")), func(t *testing.T, b *bundle, ids map[string]int64) {
			must(t, b.Move(ids["U"], template("V"), true))
		}, true},
		{"what a redirect leads to", use(template("R")), func(t *testing.T, b *bundle, ids map[string]int64) {
			must(t, b.Edit(ids["U"], Text{Included: Part{Words: 1}}))
		}, true},
		{"redirect retargeted", use(template("R")), func(t *testing.T, b *bundle, ids map[string]int64) {
			to := template("T")
			must(t, b.Edit(ids["R"], Text{Redirect: &to}))
		}, true},
		{"red link turns blue", Text{Included: Part{Pages: []tables.Name{article("X")}}}, func(t *testing.T, b *bundle, _ map[string]int64) {
			b.make(t, article("X"), Text{})
		}, true},
		{"link of a template turns blue", Text{Included: Part{Templates: []tables.Name{template("L")}}}, func(t *testing.T, b *bundle, _ map[string]int64) {
			b.make(t, article("X"), Text{})
		}, true},
		{"linked page edited", Text{Included: Part{Pages: []tables.Name{template("U")}}}, func(t *testing.T, b *bundle, ids map[string]int64) {
			must(t, b.Edit(ids["U"], Text{Included: Part{Words: 1}}))
		}, false},
		{"asked for and made", Text{Included: Part{Existence: []tables.Name{article("X")}}}, func(t *testing.T, b *bundle, _ map[string]int64) {
			b.make(t, article("X"), Text{})
		}, true},
		{"file version", Text{Included: Part{Images: []tables.Name{file("F")}}}, func(t *testing.T, b *bundle, ids map[string]int64) { must(t, b.Upload(ids["F"])) }, true},
		{"file version behind a redirect", Text{Included: Part{Images: []tables.Name{file("G")}}}, func(t *testing.T, b *bundle, ids map[string]int64) { must(t, b.Upload(ids["F"])) }, true},
		{"file page edited", Text{Included: Part{Images: []tables.Name{file("F")}}}, func(t *testing.T, b *bundle, ids map[string]int64) {
			must(t, b.Edit(ids["F"], Text{Included: Part{Words: 1}}))
		}, false},
		{"hidden", use(template("U")), func(t *testing.T, b *bundle, ids map[string]int64) { must(t, b.Hide(ids["U"])) }, false},
		{"includes itself", use(article("P"), template("T")), func(t *testing.T, b *bundle, ids map[string]int64) {
			must(t, b.Edit(ids["U"], Text{Included: Part{Words: 1}}))
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, Complete)
			to, toFile := template("U"), file("F")
			ids := map[string]int64{
				"U": b.make(t, template("U"), Text{}),
				"T": b.make(t, template("T"), use(template("U"))),
				"R": b.make(t, template("R"), Text{Redirect: &to}),
				"L": b.make(t, template("L"), Text{Included: Part{Pages: []tables.Name{article("X")}}}),
				"F": b.make(t, file("F"), Text{}),
				"G": b.make(t, file("G"), Text{Redirect: &toFile}),
			}
			p := b.make(t, article("P"), tt.page)
			before, _ := b.Output(p)
			tt.do(t, b, ids)
			after, ok := b.Output(p)
			if !ok || (before != after) != tt.changes {
				t.Errorf("output changed: %t, want %t", before != after, tt.changes)
			}
		})
	}
}

func TestRenderLists(t *testing.T) {
	t.Parallel()
	listed := func(l Listing) (templates, pages []string) {
		b := setup(t, l)
		to := template("T")
		b.make(t, template("U"), Text{Included: Part{Pages: []tables.Name{article("X")}}})
		b.make(t, template("T"), Text{Included: Part{Templates: []tables.Name{template("U")}}, PageOnly: Part{Templates: []tables.Name{template("T/doc")}}})
		b.make(t, template("R"), Text{Redirect: &to})
		p := b.make(t, article("P"), Text{
			Included: Part{Templates: []tables.Name{template("R")}, Pages: []tables.Name{article("Y")}},
			PageOnly: Part{Templates: []tables.Name{template("D")}},
		})
		e, err := b.Render(p, nil)
		must(t, err)
		if want := map[bool]events.Closure{true: events.Complete, false: events.Direct}[l == Complete]; e.Render.Closure != want {
			t.Errorf("%s: closure %s", l, e.Render.Closure)
		}
		for _, x := range e.Render.Links.Template {
			templates = append(templates, x.Title+" "+x.Scope.String())
		}
		for _, x := range e.Render.Links.Page {
			pages = append(pages, x.Title)
		}
		return templates, pages
	}
	for _, tt := range []struct {
		listing          Listing
		templates, pages []string
	}{
		{Complete, []string{"D included", "R included", "T included", "U included"}, []string{"X", "Y"}},
		{Direct, []string{"D page", "R included"}, []string{"X", "Y"}},
		{Own, []string{"D page", "R included"}, []string{"Y"}},
	} {
		templates, pages := listed(tt.listing)
		if !slices.Equal(templates, tt.templates) || !slices.Equal(pages, tt.pages) {
			t.Errorf("%s lists %q and %q, want %q and %q", tt.listing, templates, pages, tt.templates, tt.pages)
		}
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	b := setup(t, Complete)
	a := b.make(t, article("A"), Text{})
	must(t, b.Move(a, article("B"), true))
	if b.last.Kind != events.Create || b.last.Page.Link == nil || b.last.Page.Link.Title != "B" {
		t.Errorf("the redirect's event: %+v", b.last)
	}
	must(t, b.Move(a, article("A"), false)) // over the redirect, back
	must(t, b.Delete(a))
	must(t, b.Undelete(a))
	want := []string{"create A", "move B", "create A", "delete A", "move A", "delete A", "undelete A"}
	if !slices.Equal(b.sent, want) {
		t.Errorf("sent %q, want %q", b.sent, want)
	}
	for what, err := range map[string]error{
		"taken":         func() error { _, err := b.Create(article("A"), Text{}); return err }(),
		"move to taken": b.Move(a, article("A"), false),
	} {
		if !errors.Is(err, ErrTaken) {
			t.Errorf("%s: %v", what, err)
		}
	}
	must(t, b.Delete(a))
	c := b.make(t, article("A"), Text{})
	if err := b.Undelete(a); !errors.Is(err, ErrTaken) {
		t.Errorf("undelete to a taken title: %v", err)
	}
	for what, err := range map[string]error{
		"edit": b.Edit(a, Text{}), "undelete a living page": b.Undelete(c), "unknown": b.Delete(99),
		"render": func() error { _, err := b.Render(a, nil); return err }(),
	} {
		if !errors.Is(err, ErrNoPage) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Every event is handed out, in order per page and stream; repeats come on top.
func TestFeed(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		f := &Feed{Repeat: 30}
		var want []string
		for i := range 40 {
			e := Event{Change: &events.PageChange{Wiki: "w", Meta: events.Meta{ID: string(rune('A' + i))}, Page: events.Page{ID: int64(i % 3)}}}
			f.Push(e)
			want = append(want, e.ID())
		}
		r := rand.New(rand.NewPCG(seed, 0))
		var got []string
		last, seen := map[int64]string{}, map[string]bool{}
		for e, ok := f.Next(r); ok; e, ok = f.Next(r) {
			if seen[e.ID()] {
				continue
			}
			seen[e.ID()] = true
			if id := e.PageKey().ID; last[id] > e.ID() {
				t.Fatalf("seed %d: %q comes behind %q", seed, e.ID(), last[id])
			}
			last[e.PageKey().ID] = e.ID()
			got = append(got, e.ID())
		}
		if f.Len() != 0 {
			t.Errorf("seed %d: %d events are left", seed, f.Len())
		}
		if slices.Equal(got, want) {
			t.Errorf("seed %d: nothing was re-ordered", seed)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("seed %d: handed out %q, want %q", seed, got, want)
		}
	}
}
