package simwiki

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/eddystream/eddy/tables"
)

// Edit is an edit of a template that others see, and what a correct cascade asks for.
type Edit struct {
	Kind     string // "top5": the deepest, most used one; "mid3": one of level 3; "small": one that few articles use
	Title    tables.Name
	PageID   int64
	RevID    int64
	Level    int
	Expected int // pages to ask for, the edited page itself not counted
	Direct   int // of them with an edge to the title itself
}

// midShare is the part of all pages that the edit of level 3 is to reach, as near as there is one.
const midShare = 0.09

// chooseEdits picks the edits and counts their pages.
func (g *Generated) chooseEdits(r *rand.Rand) {
	var mid []int
	for i := g.first[2]; i < g.first[3]; i++ {
		mid = append(mid, i)
	}
	level1 := g.first[1]
	small := min(200, level1-level1/6)
	picks := append(slices.Clip(mid), g.first[4])
	for _, k := range r.Perm(small) {
		picks = append(picks, level1-small+k)
	}
	expected, direct := g.count(picks)

	want := float64(g.total) * midShare
	best := 0
	for n := range mid {
		if math.Abs(float64(expected[n])-want) < math.Abs(float64(expected[best])-want) {
			best = n
		}
	}
	add := func(kind string, n int) {
		t := g.templates[picks[n]]
		g.edits = append(g.edits, Edit{
			Kind: kind, Title: t.name, PageID: t.id, RevID: editedRevision + t.id,
			Level: t.level, Expected: expected[n], Direct: direct[n],
		})
	}
	add("top5", len(mid))
	add("mid3", best)
	for n := len(mid) + 1; n < len(picks); n++ {
		add("small", n)
	}
}

// count returns how many pages an edit of each of some templates asks for, and how many of them
// have an edge to it: breadth first over included edges, up through the templates, and then in
// one pass which articles use one of those that were reached.
func (g *Generated) count(picks []int) (expected, direct []int) {
	expected, direct = make([]int, len(picks)), make([]int, len(picks))
	through := make([][]int32, len(g.templates)) // template → picks that reach it
	itself := make([][]int32, len(g.templates))
	for n, i := range picks {
		reached := g.above(i)
		expected[n], direct[n] = len(reached)-1, len(g.users[i])
		for t := range reached {
			through[t] = append(through[t], int32(n))
		}
		itself[i] = append(itself[i], int32(n))
	}
	last := make([]int64, len(picks))
	for id := int64(1); id <= g.total; id++ {
		if _, template := g.byID[id]; template {
			continue
		}
		used, _ := g.templatesOf(id)
		for _, t := range used {
			for _, n := range through[t] {
				if last[n] != id {
					last[n] = id
					expected[n]++
				}
			}
			for _, n := range itself[t] {
				direct[n]++
			}
		}
	}
	return expected, direct
}

// above returns the template and all that include it, at any depth.
func (g *Generated) above(i int) map[int]bool {
	reached := map[int]bool{i: true}
	for queue := []int{i}; len(queue) > 0; queue = queue[1:] {
		for _, user := range g.users[queue[0]] {
			if !reached[user] {
				reached[user] = true
				queue = append(queue, user)
			}
		}
	}
	return reached
}

// Asked returns the pages that a correct cascade of an edit of a template asks for, the edited
// page itself left out, in no order; ok is false if the wiki has no such template. It passes
// over all articles.
func (g *Generated) Asked(title tables.Name) (pages []int64, ok bool) {
	for i, t := range g.templates {
		if t.name != title {
			continue
		}
		if i == len(g.templates)-1 { // the documentation: shown in the templates' own view only
			for _, t := range g.templates {
				if t.documented {
					pages = append(pages, t.id)
				}
			}
			return pages, true
		}
		reached := g.above(i)
		for j := range reached {
			if j != i {
				pages = append(pages, g.templates[j].id)
			}
		}
		for id := int64(1); id <= g.total; id++ {
			if _, template := g.byID[id]; template {
				continue
			}
			used, _ := g.templatesOf(id)
			for _, t := range used {
				if reached[t] {
					pages = append(pages, id)
					break
				}
			}
		}
		return pages, true
	}
	return nil, false
}
