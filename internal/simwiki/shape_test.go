package simwiki

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// measure is what the shape of a wiki comes to.
type measure struct {
	pages, templates               int
	template, page, image, cat     int
	pageScope                      int
	top                            []int // articles that use the templates of some ranks
	pageTop, categoryTop, imageTop int   // uses of the most used target
	pageTargets                    int
	edits                          map[string]int
	most, mid                      int // pages of the edits top5 and mid3
	smallLeast, smallMost          int
}

func (m *measure) add(r *events.Render, uses map[string]map[string]int) {
	m.pages++
	if r.Page.Namespace == Template {
		m.templates++
	}
	for _, l := range r.Links.Template {
		m.template++
		if l.Scope == events.PageOnly {
			m.pageScope++
		}
		if r.Page.Namespace == Article {
			uses["template"][l.Title]++
		}
	}
	for kind, list := range map[string][]events.TitleLink{"page": r.Links.Page, "image": r.Links.Image, "category": r.Links.Category} {
		for _, l := range list {
			uses[kind][l.Title]++
		}
	}
	m.page += len(r.Links.Page)
	m.image += len(r.Links.Image)
	m.cat += len(r.Links.Category)
}

func (m *measure) finish(uses map[string]map[string]int) {
	sorted := func(kind string) []int {
		var all []int
		for _, n := range uses[kind] {
			all = append(all, n)
		}
		slices.Sort(all)
		slices.Reverse(all)
		return all
	}
	t := sorted("template")
	for _, k := range []int{0, 1, 3, 15, 63} {
		m.top = append(m.top, t[min(k, len(t)-1)])
	}
	p := sorted("page")
	m.pageTop, m.pageTargets = p[0], len(p)
	m.categoryTop, m.imageTop = sorted("category")[0], sorted("image")[0]
}

func emptyUses() map[string]map[string]int {
	return map[string]map[string]int{"template": {}, "page": {}, "image": {}, "category": {}}
}

func (m *measure) edit(kind string, expected int) {
	if m.edits == nil {
		m.edits = map[string]int{}
	}
	m.edits[kind]++
	switch kind {
	case "top5":
		m.most = expected
	case "mid3":
		m.mid = expected
	default:
		if m.smallLeast == 0 {
			m.smallLeast = expected
		}
		m.smallLeast, m.smallMost = min(m.smallLeast, expected), max(m.smallMost, expected)
	}
}

func measured(g *Generated) measure {
	var m measure
	uses := emptyUses()
	for e := range g.Events() {
		if e.Render != nil {
			m.add(e.Render, uses)
		}
	}
	m.finish(uses)
	for _, e := range g.Edits() {
		m.edit(e.Kind, e.Expected)
	}
	return m
}

func recorded(t *testing.T) measure {
	t.Helper()
	dir := os.Getenv("EDDY_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("recorded wikis are not here (set EDDY_DATA): %v", err)
	}
	r, err := events.Open(filepath.Join(dir, "direct", "events.ndjson.zst"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var m measure
	uses := emptyUses()
	for e, err := range r.Events() {
		if err != nil {
			t.Fatal(err)
		}
		if e.Render != nil {
			m.add(e.Render, uses)
		}
	}
	m.finish(uses)
	data, err := os.ReadFile(filepath.Join(dir, "direct", "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var expected struct {
		Edits []struct {
			Kind     string `json:"kind"`
			Expected int    `json:"expected"`
		} `json:"edits"`
	}
	if err := json.Unmarshal(data, &expected); err != nil {
		t.Fatal(err)
	}
	for _, e := range expected.Edits {
		m.edit(e.Kind, e.Expected)
	}
	return m
}

// The generated wiki has the shape of the recorded one of its size.
func TestShapeLikeRecorded(t *testing.T) {
	t.Parallel()
	g, err := Generate(Shape{Seed: 11, Pages: 20_000, Templates: 400})
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := measured(g), recorded(t)
	a, b := reflect.ValueOf(ours), reflect.ValueOf(theirs)
	for i := range a.NumField() {
		t.Logf("%-12s %24s %24s", a.Type().Field(i).Name, fmt.Sprint(a.Field(i)), fmt.Sprint(b.Field(i)))
	}
	if ours.pages != theirs.pages || ours.templates != theirs.templates || ours.page != theirs.page ||
		ours.image != theirs.image || ours.cat != theirs.cat || !reflect.DeepEqual(ours.edits, theirs.edits) {
		t.Error("what the shape fixes differs")
	}
	for _, near := range []struct {
		what string
		a, b int
		by   float64
	}{
		{"template edges", ours.template, theirs.template, 0.02},
		{"page-only edges", ours.pageScope, theirs.pageScope, 0.3},
		{"most used template", ours.top[0], theirs.top[0], 0.1},
		{"template of rank 64", ours.top[4], theirs.top[4], 0.3},
		{"most linked page", ours.pageTop, theirs.pageTop, 0.15},
		{"most used category", ours.categoryTop, theirs.categoryTop, 0.15},
		{"pages of the greatest edit", ours.most, theirs.most, 0.05},
		{"pages of the smallest edit", ours.smallLeast, theirs.smallLeast, 0.4},
	} {
		if r := float64(near.a) / float64(near.b); r < 1-near.by || r > 1+near.by {
			t.Errorf("%s: %d, recorded %d", near.what, near.a, near.b)
		}
	}
}

// Each edit's answer equals a search through the events themselves.
func TestShapeExpected(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		g, err := Generate(Shape{Seed: seed, Pages: 700, Templates: 60})
		if err != nil {
			t.Fatal(err)
		}
		type edge struct {
			page int64
			name string
			only bool
		}
		users := map[string][]edge{}
		for e := range g.Events() {
			if e.Render == nil {
				continue
			}
			name := ""
			if e.Render.Page.Namespace == Template {
				name = e.Render.Page.Title[len("Template:"):]
			}
			for _, l := range e.Render.Links.Template {
				users[l.Title] = append(users[l.Title], edge{e.Render.Page.ID, name, l.Scope == events.PageOnly})
			}
		}
		search := func(root string, self int64) int {
			asked, walked := map[int64]bool{}, map[string]bool{root: true}
			for queue := []string{root}; len(queue) > 0; queue = queue[1:] {
				for _, u := range users[queue[0]] {
					asked[u.page] = true
					if u.name != "" && !u.only && !walked[u.name] {
						walked[u.name] = true
						queue = append(queue, u.name)
					}
				}
			}
			delete(asked, self)
			return len(asked)
		}
		if len(g.Edits()) < 20 {
			t.Fatalf("only %d edits", len(g.Edits()))
		}
		for _, e := range g.Edits() {
			if want := search(e.Title.DBKey, e.PageID); e.Expected != want {
				t.Errorf("seed %d: %s %q: %d pages expected, the events say %d", seed, e.Kind, e.Title.DBKey, e.Expected, want)
			}
			if pages, ok := g.Asked(e.Title); !ok || len(pages) != e.Expected {
				t.Errorf("seed %d: %q: asks for %d pages, expected %d", seed, e.Title.DBKey, len(pages), e.Expected)
			}
		}
		if pages, _ := g.Asked(tables.Name{Namespace: Template, DBKey: "Documentation"}); len(pages) != search("Documentation", 0) {
			t.Errorf("seed %d: documentation asks for %d pages", seed, len(pages))
		}
	}
}

func TestShapeDeterministic(t *testing.T) {
	t.Parallel()
	all := func(seed uint64) (out []string) {
		g, err := Generate(Shape{Seed: seed, Pages: 50})
		if err != nil {
			t.Fatal(err)
		}
		for e := range g.Events() {
			out = append(out, line(t, e))
		}
		for e := range g.EditEvents() {
			out = append(out, line(t, e))
		}
		return out
	}
	if !slices.Equal(all(7), all(7)) {
		t.Error("the same seed gives two wikis")
	}
	if slices.Equal(all(7), all(8)) {
		t.Error("two seeds give one wiki")
	}
	if _, err := Generate(Shape{}); err == nil {
		t.Error("a wiki without pages is made")
	}
}

func line(t *testing.T, e Event) string {
	t.Helper()
	var data []byte
	var err error
	if e.Change != nil {
		data, err = events.PageChangeCodec().Encode(*e.Change)
	} else {
		data, err = events.RenderJSON().Encode(*e.Render)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// One pass over all events; the metric is the rate of edges.
func BenchmarkGenerate(b *testing.B) {
	g, err := Generate(Shape{Seed: 1, Pages: 20_000})
	if err != nil {
		b.Fatal(err)
	}
	edges := 0
	for b.Loop() {
		for e := range g.Events() {
			if r := e.Render; r != nil {
				edges += len(r.Links.Template) + len(r.Links.Page) + len(r.Links.Image) + len(r.Links.Category)
			}
		}
	}
	b.ReportMetric(float64(edges)/b.Elapsed().Seconds(), "edges/s")
}
