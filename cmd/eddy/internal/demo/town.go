package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables"
)

// Name is the demo's wiki.
const Name = "demowiki"

// levels is how deep templates nest; shares are the parts of the templates at each level, in percent.
const levels = 5

var shares = [levels]int{55, 25, 12, 6, 2}

// town is a generated wiki: articles that use templates, which use templates, five levels deep. How much each is used
// follows Zipf's law.
type town struct {
	wiki      *simwiki.Wiki
	templates [levels][]int64
}

// newTown makes the pages of a wiki, which tells emit of each. The same seed makes the same wiki.
func newTown(seed uint64, articles int, emit func(simwiki.Event)) (*town, error) {
	t := &town{wiki: simwiki.NewWiki(simwiki.Options{Name: Name, Listing: simwiki.Direct, Emit: emit})}
	r := rand.New(rand.NewPCG(seed, 0))
	total := max(2*levels, articles/30)
	doc, err := t.create(tables.Name{Namespace: simwiki.Template, DBKey: "Documentation"}, simwiki.Text{})
	if err != nil {
		return nil, err
	}
	var names [levels][]tables.Name
	var deeper []tables.Name
	for level, share := range slices.Backward(shares[:]) {
		for n := range max(1, total*share/100) {
			name := tables.Name{Namespace: simwiki.Template, DBKey: fmt.Sprintf("Level_%d-%d", level+1, n+1)}
			var text simwiki.Text
			text.Included.Words = r.Int64()
			if len(deeper) > 0 {
				text.Included.Templates = pick(r, deeper, 1+r.IntN(3))
			}
			if r.IntN(3) == 0 {
				text.PageOnly.Templates = []tables.Name{doc}
			}
			if _, err := t.create(name, text); err != nil {
				return nil, err
			}
			names[level] = append(names[level], name)
			id, _ := t.wiki.At(name)
			t.templates[level] = append(t.templates[level], id)
		}
		deeper = names[level]
	}
	for n := range articles {
		var text simwiki.Text
		text.Included = simwiki.Part{
			Words:     r.Int64(),
			Templates: pick(r, names[0], 2+r.IntN(4)),
			Pages:     links(r, articles, 5),
		}
		if _, err := t.create(article(n), text); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// create makes a page; a hundred of them share a second.
func (t *town) create(name tables.Name, text simwiki.Text) (tables.Name, error) {
	id, err := t.wiki.Create(name, text)
	if id%100 == 0 {
		t.wiki.Tick(1)
	}
	return name, err
}

func article(n int) tables.Name { return tables.Name{DBKey: fmt.Sprintf("Article_%d", n+1)} }

// pick draws up to n different names, the first ones far more often.
func pick(r *rand.Rand, names []tables.Name, n int) []tables.Name {
	zipf := rand.NewZipf(r, 1.1, 1, uint64(len(names)-1))
	var out []tables.Name
	for range 4 * n { // the same one comes again and again: not for ever
		if name := names[zipf.Uint64()]; !slices.Contains(out, name) {
			if out = append(out, name); len(out) == n {
				break
			}
		}
	}
	return out
}

func links(r *rand.Rand, articles, n int) []tables.Name {
	var out []tables.Name
	for range n {
		if name := article(r.IntN(articles)); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// popular returns a template of the third level: what uses it uses it through two others.
func (t *town) popular() (id int64, title tables.Title) {
	id = t.templates[2][0]
	name, _, _ := t.wiki.Page(id)
	return id, name.In(Name)
}

// edit changes what others see of a page, or with hidden what only its own view shows.
func (t *town) edit(id int64, hidden bool) error {
	_, text, _ := t.wiki.Page(id)
	if hidden {
		text.PageOnly.Words++
	} else {
		text.Included.Words++
	}
	t.wiki.Tick(60)
	err := t.wiki.Edit(id, text)
	t.wiki.Tick(1) // whoever renders from here on started after the change
	return err
}
