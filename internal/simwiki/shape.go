package simwiki

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/eddystream/eddy/tables"
)

// Shape says what wiki [Generate] makes. The same shape gives the same wiki.
type Shape struct {
	Seed uint64
	// Pages is the number of articles. Required, at least 1.
	Pages int
	// Templates is the number of templates, without the documentation template that a third of
	// them show. Defaults to 2 % of Pages, at least 10.
	Templates int
	// Wiki is the wiki's name. Defaults to "benchwiki".
	Wiki string
	// Start is the dt of the first event. Defaults to the beginning of 2026, UTC.
	Start time.Time
	// PerSecond is how many events share a second. Defaults to 100.
	PerSecond int
}

// Levels is how deep templates nest: articles use those of level 1, each level the next.
const Levels = 5

// levelShare is each level's share of the templates, in percent.
var levelShare = [Levels]int{60, 25, 10, 4, 1}

// Generated is a generated wiki. It holds the templates; all else is made anew when asked for.
// It is safe for concurrent use.
type Generated struct {
	shape     Shape
	total     int64           // pages with all templates; page ids are 1..total
	templates []nested        // by level, most used first in each; the last is the documentation
	byID      map[int64]int   // template's page id → index
	first     [Levels + 1]int // index of each level's first template
	users     [][]int         // template → templates that include it
	articles  zipf            // ranks of link targets
	use       zipf            // ranks of templates of level 1
	category  zipf
	files     int
	step      [2]int64 // multipliers of the permutations: ranks to ids, order of renders
	edits     []Edit
}

// nested is one template.
type nested struct {
	id         int64
	level      int
	name       tables.Name
	uses       []int // templates of the next level, by index
	documented bool  // shows the documentation template in its own view
}

// Generate makes a wiki: articles with 10 links, 3 to 10 templates, 2 categories and an image,
// and templates in five levels that use 1 to 4 of the next one; popularity by Zipf's law, but for
// half of the links, which go anywhere. The
// error says what the shape lacks. It takes time and memory in proportion to the templates, and
// one pass over the articles to know the answers.
func Generate(s Shape) (*Generated, error) {
	if s.Pages < 1 {
		return nil, fmt.Errorf("shape with %d pages", s.Pages)
	}
	if s.Templates == 0 {
		s.Templates = max(10, s.Pages/50)
	}
	if s.Templates < 2*Levels {
		return nil, fmt.Errorf("shape with %d templates; the least is %d", s.Templates, 2*Levels)
	}
	if s.PerSecond < 0 {
		return nil, errors.New("shape with less than no events a second")
	}
	if s.PerSecond == 0 {
		s.PerSecond = 100
	}
	if s.Wiki == "" {
		s.Wiki = "benchwiki"
	}
	if s.Start.IsZero() {
		s.Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	g := &Generated{shape: s, total: int64(s.Pages + s.Templates + 1), files: max(1, s.Pages/4)}
	g.articles, g.category = newZipf(int(g.total)), newZipf(max(2, s.Pages/20))
	g.step = [2]int64{coprime(g.total, 0.6180339887), coprime(g.total, 0.4142135623)}
	g.nest(rand.New(rand.NewPCG(s.Seed, 0)))
	g.use = newZipf(g.first[1])
	g.chooseEdits(rand.New(rand.NewPCG(s.Seed, 1<<63)))
	return g, nil
}

// nest makes the templates.
func (g *Generated) nest(r *rand.Rand) {
	n := g.shape.Templates
	left := n
	for level := Levels; level > 1; level-- {
		size := max(1, n*levelShare[level-1]/100)
		g.first[level] = left
		left -= size
		g.first[level-1] = left
	}
	g.byID = make(map[int64]int, n+1)
	for len(g.byID) <= n {
		id := 1 + r.Int64N(g.total)
		if _, taken := g.byID[id]; !taken {
			g.byID[id] = len(g.byID)
		}
	}
	g.templates = make([]nested, n+1)
	for id, i := range g.byID {
		g.templates[i].id = id
	}
	g.users = make([][]int, n+1)
	for i := range n {
		t := &g.templates[i]
		t.level = 1
		for t.level < Levels && i >= g.first[t.level] {
			t.level++
		}
		t.name = tables.Name{Namespace: Template, DBKey: spell(g.shape.Seed+1, uint64(i))}
		t.documented = r.IntN(100) < 31
		if t.level == Levels {
			continue
		}
		base := g.first[t.level]
		for _, k := range newZipf(g.first[t.level+1]-base).distinct(r, 1+r.IntN(4)) {
			t.uses = append(t.uses, base+k)
			g.users[base+k] = append(g.users[base+k], i)
		}
	}
	g.templates[n].name = tables.Name{Namespace: Template, DBKey: "Documentation"}
}

// coprime returns a number near the given part of n that has no divisor with it.
func coprime(n int64, part float64) int64 {
	a := max(1, int64(float64(n)*part))
	for gcd(a, n) != 1 {
		a++
	}
	return a
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// linked draws the articles that an article links to, by page id.
func (g *Generated) linked(r *rand.Rand, n int) []int64 {
	ids := make([]int64, 0, n)
	for len(ids) < min(n, g.shape.Pages) {
		rank := r.Int64N(g.total) // half of all links go anywhere
		if r.IntN(2) == 0 {
			rank = int64(g.articles.draw(r))
		}
		id := 1 + rank*g.step[0]%g.total
		if _, template := g.byID[id]; !template && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// templatesOf returns the templates that an article uses, by index. It is the first thing that
// is drawn for an article, so that it can be known without the rest.
func (g *Generated) templatesOf(id int64) ([]int, *rand.Rand) {
	r := rand.New(rand.NewPCG(g.shape.Seed, uint64(id)))
	return g.use.distinct(r, 3+r.IntN(8)), r
}

// Pages returns the number of pages, templates included.
func (g *Generated) Pages() int { return int(g.total) }

// Wiki returns the wiki's name.
func (g *Generated) Wiki() string { return g.shape.Wiki }

// Edits returns the edits of [Generated.EditEvents], in their order.
func (g *Generated) Edits() []Edit { return slices.Clone(g.edits) }
