package simwiki

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// view is what one rendering shows: all that can change it, and the links that it used.
type view struct {
	wiki      *Wiki
	listing   Listing
	shown     map[string]bool // the output is a function of this set
	templates map[tables.Name]use
	// The other links; true: the page's own text names it.
	pages, images, category, existence map[tables.Name]bool
}

// use is the use of a page as a template.
type use struct {
	page     *page // nil: there is none
	own      bool  // the page's own text names it
	included bool  // by text that others see as well
}

// look shows a page as the wiki is now.
func (w *Wiki) look(p *page) *view {
	v := &view{
		wiki: w, listing: w.listing(p.id), shown: map[string]bool{}, templates: map[tables.Name]use{}, pages: map[tables.Name]bool{},
		images: map[tables.Name]bool{}, category: map[tables.Name]bool{}, existence: map[tables.Name]bool{},
	}
	v.note("text", p.text.content(), strconv.FormatInt(p.version, 10), p.text.Model)
	if target := p.text.Redirect; target != nil {
		v.link(*target, true)
		return v
	}
	v.part(p.text.Included, true)
	v.part(p.text.PageOnly, true)
	for _, part := range []struct {
		names    []tables.Name
		included bool
	}{{p.text.Included.Templates, true}, {p.text.PageOnly.Templates, false}} {
		for _, n := range part.names {
			u := v.templates[n]
			u.page, u.own, u.included = w.titles[n], true, u.included || part.included
			v.templates[n] = u
		}
	}
	seen := map[tables.Name]bool{}
	for queue := slices.Collect(maps.Keys(v.templates)); len(queue) > 0; queue = queue[1:] {
		if !seen[queue[0]] {
			seen[queue[0]] = true
			queue = append(queue, v.include(queue[0])...)
		}
	}
	return v
}

func (v *view) note(words ...string) { v.shown[fmt.Sprintf("%q", words)] = true }

// include shows the page at a title, or where it leads, within another; and returns what that includes in turn. As in
// MediaWiki two redirects in a row are followed: what they lead to is shown as it is, be it a redirect again.
func (v *view) include(n tables.Name) []tables.Name {
	for followed := 0; ; followed++ {
		p := v.template(n)
		switch {
		case p == nil:
			v.note("no template", Prefixed(n))
			return nil
		case p.text.Redirect == nil:
			v.note("template", Prefixed(n), p.text.Transclusion(), p.text.Model)
			v.part(p.text.Included, false)
			return p.text.Included.Templates
		case followed == templateRedirects:
			v.note("template is a redirect", Prefixed(n), p.text.Transclusion(), p.text.Model)
			return nil
		}
		v.note("template leads", Prefixed(n), Prefixed(*p.text.Redirect))
		n = *p.text.Redirect
	}
}

// templateRedirects is how many redirects in a row are followed from a template.
const templateRedirects = 2

// template records the use of a title as a template.
func (v *view) template(n tables.Name) *page {
	u := v.templates[n]
	u.page = v.wiki.titles[n]
	v.templates[n] = u
	return u.page
}

// part shows what a piece of text names besides templates.
func (v *view) part(p Part, own bool) {
	for _, n := range p.Pages {
		v.link(n, own)
	}
	for _, n := range p.Existence {
		v.existence[n] = v.existence[n] || own
		v.note("asked for", Prefixed(n), strconv.FormatBool(v.wiki.titles[n] != nil))
	}
	for _, n := range p.Categories {
		v.category[n] = v.category[n] || own
		v.note("category", Prefixed(n), strconv.FormatBool(v.wiki.titles[n] != nil))
	}
	for _, n := range p.Images {
		v.image(n, own)
	}
}

// link shows a link: red, blue, or to a redirect.
func (v *view) link(n tables.Name, own bool) {
	v.pages[n] = v.pages[n] || own
	q := v.wiki.titles[n]
	v.note("link", Prefixed(n), fmt.Sprint(q != nil, q != nil && q.text.Redirect != nil))
}

// image shows a file, or the one that a redirect leads to.
func (v *view) image(n tables.Name, own bool) {
	v.images[n] = v.images[n] || own
	q := v.wiki.titles[n]
	if q != nil && q.text.Redirect != nil {
		n = *q.text.Redirect
		if v.listing == Complete {
			v.images[n] = v.images[n] || own
		}
		q = v.wiki.titles[n]
	}
	if q == nil {
		v.note("no file", Prefixed(n))
		return
	}
	v.note("file", Prefixed(n), strconv.FormatInt(q.version, 10))
}

// output is the hash of what is shown.
func (v *view) output() string { return digest(slices.Sorted(maps.Keys(v.shown))...) }

// links lists what a render event names.
func (v *view) links(l Listing) events.Links {
	var out events.Links
	for n, u := range v.templates {
		if l != Complete && !u.own {
			continue
		}
		link := events.TemplateLink{Namespace: n.Namespace, Title: n.DBKey}
		if u.page != nil {
			link.PageID, link.RevID = u.page.id, u.page.rev
		}
		if l != Complete && !u.included {
			link.Scope = events.PageOnly
		}
		out.Template = append(out.Template, link)
	}
	slices.SortFunc(out.Template, func(a, b events.TemplateLink) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Title, b.Title))
	})
	out.Page = v.list(l, v.pages, true)
	out.Existence = v.list(l, v.existence, true)
	out.Image = v.list(l, v.images, false)
	out.Category = v.list(l, v.category, false)
	return out
}

// list lists one kind of links; known says whether events name the pages behind them.
func (v *view) list(l Listing, names map[tables.Name]bool, known bool) []events.TitleLink {
	var out []events.TitleLink
	for n, own := range names {
		if l == Own && !own {
			continue
		}
		link := events.TitleLink{Namespace: n.Namespace, Title: n.DBKey}
		if q := v.wiki.titles[n]; q != nil && known {
			link.PageID = q.id
		}
		out = append(out, link)
	}
	slices.SortFunc(out, func(a, b events.TitleLink) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Title, b.Title))
	})
	return out
}
