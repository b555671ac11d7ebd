package oracle

import (
	"fmt"
	"slices"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables"
)

// universe is every title that a scenario knows: few, so that they meet.
var universe = struct{ articles, templates, files, categories []tables.Name }{
	titles(simwiki.Article, "A", 3), titles(simwiki.Template, "T", 5), titles(simwiki.File, "F", 2), titles(simwiki.Category, "C", 1),
}

func titles(namespace int32, letter string, n int) []tables.Name {
	names := make([]tables.Name, n)
	for i := range n {
		names[i] = tables.Name{Namespace: namespace, DBKey: fmt.Sprintf("%s%d", letter, i)}
	}
	return names
}

// act changes the wiki at random; what is impossible is left out.
func (p *player) act() error {
	living, deleted := p.wiki.Living(), p.wiki.Deleted()
	page := func() int64 { return living[p.tape.IntN(len(living))] }
	n := p.tape.IntN(100)
	if len(living) == 0 {
		n = 0
	}
	var err error
	switch {
	case n < 30:
		name := p.title()
		_, err = p.wiki.Create(name, p.text(name))
	case n < 58:
		id := page()
		name, old, _ := p.wiki.Page(id)
		text := p.edited(name, old)
		p.hidden = name.Namespace != simwiki.File && text.Redirect == nil && old.Redirect == nil && text.Model == old.Model && text.Transclusion() == old.Transclusion()
		err = p.wiki.Edit(id, text)
	case n < 70:
		id := page()
		name, _, _ := p.wiki.Page(id)
		err = p.wiki.Move(id, p.like(name), p.tape.IntN(2) == 0)
	case n < 80:
		err = p.wiki.Delete(page())
	case n < 90:
		if len(deleted) > 0 {
			err = p.wiki.Undelete(deleted[p.tape.IntN(len(deleted))])
		}
	case n < 96:
		if id, ok := p.wiki.At(universe.files[p.tape.IntN(len(universe.files))]); ok {
			err = p.wiki.Upload(id)
		}
	default:
		err = p.wiki.Hide(page())
	}
	if err != nil {
		p.notef("(%v)", err)
	}
	return err
}

// save changes the wiki; the renderer may render the changed page at once.
func (p *player) save() error {
	p.touched = 0
	if p.act() != nil || p.touched == 0 || p.tape.IntN(3) > 0 {
		return nil //nolint:nilerr // what a wiki refuses is noted, and nothing is saved
	}
	if _, alive := p.wiki.Output(p.touched); !alive {
		return nil
	}
	return p.render(p.touched, nil)
}

// title draws a title, most often a template's.
func (p *player) title() tables.Name {
	switch n := p.tape.IntN(10); {
	case n < 5:
		return universe.templates[p.tape.IntN(len(universe.templates))]
	case n < 8:
		return universe.articles[p.tape.IntN(len(universe.articles))]
	case n < 9:
		return universe.files[p.tape.IntN(len(universe.files))]
	}
	return universe.categories[0]
}

// like draws a title of the same namespace.
func (p *player) like(name tables.Name) tables.Name {
	for _, all := range [][]tables.Name{universe.templates, universe.articles, universe.files, universe.categories} {
		if all[0].Namespace == name.Namespace {
			return all[p.tape.IntN(len(all))]
		}
	}
	return name
}

// text draws a text for a page, or a redirect.
func (p *player) text(name tables.Name) simwiki.Text {
	var redirect bool
	if n := p.sc.Redirects; n > 0 {
		redirect = p.tape.IntN(100) < n
	} else {
		redirect = p.tape.IntN(6) == 5
	}
	if redirect {
		target := p.like(name)
		if target != name {
			return simwiki.Text{Redirect: &target}
		}
	}
	return simwiki.Text{Included: p.part(), PageOnly: p.part()}
}

// edited changes a text: the part that others see, the one that they do not, back to what it was
// as often as not, or all of it.
func (p *player) edited(name tables.Name, old simwiki.Text) simwiki.Text {
	if p.tape.IntN(12) == 11 {
		if old.Model = ""; p.tape.IntN(2) == 0 {
			old.Model = "sanitized-css"
		}
		return old
	}
	if target := p.like(name); old.Redirect != nil && target != name && p.tape.IntN(2) == 0 {
		return simwiki.Text{Redirect: &target}
	}
	switch n := p.tape.IntN(10); {
	case n < 3:
		old.Included.Words = int64(p.tape.IntN(2))
	case n < 5:
		old.PageOnly.Words = int64(p.tape.IntN(2))
	case n < 7:
		old.Included = p.part()
	default:
		return p.text(name)
	}
	if n := p.tape.IntN(4); n == 0 {
		old.Redirect = nil
	}
	return old
}

func (p *player) part() simwiki.Part {
	part := simwiki.Part{Words: int64(p.tape.IntN(2))}
	draw := func(names []tables.Name) []tables.Name {
		n := names[p.tape.IntN(len(names))]
		return []tables.Name{n}
	}
	for range p.tape.IntN(3) {
		n := draw(universe.templates)[0]
		if !slices.Contains(part.Templates, n) {
			part.Templates = append(part.Templates, n)
		}
	}
	switch n := p.tape.IntN(8); {
	case p.sc.Noise.Clocks == AnyClocks && n >= 1 && n <= 4 && n != 2: // nothing tells what these saw
	case n == 1:
		part.Pages = draw(universe.articles)
	case n == 2:
		part.Existence = draw(universe.templates)
	case n == 3:
		part.Images = draw(universe.files)
	case n == 4:
		part.Categories = draw(universe.categories)
	case n == 5:
		part.Templates = append(part.Templates, draw(universe.articles)...)
	}
	return part
}
