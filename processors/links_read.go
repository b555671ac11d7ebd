package processors

import (
	"fmt"
	"math"
	"slices"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// readRender normalises a rendering. Its errors name the link.
func readRender(site *tables.SiteInfo, ev *events.Render) (*tables.RenderState, error) {
	if ev.Page.ID < 1 || ev.Page.ID > math.MaxUint32 {
		return nil, fmt.Errorf("page_id %d: want 1 to %d", ev.Page.ID, uint32(math.MaxUint32))
	}
	in := &ev.Links
	list := linkList{site: site, links: make([]tables.Link, 0, len(in.Template)+len(in.Page)+len(in.Image)+
		len(in.Category)+len(in.Existence)+len(in.External)+len(in.Lang)+len(in.Interwiki))}
	for _, l := range in.Template {
		link := tables.Link{Type: tables.LinkTemplate, Page: l.PageID, Rev: l.RevID, PageOnly: l.Scope == events.PageOnly}
		if err := list.title(link, l.Namespace, l.Title); err != nil {
			return nil, err
		}
	}
	for _, group := range []struct {
		typ   tables.LinkType
		links []events.TitleLink
	}{
		{tables.LinkPage, in.Page},
		{tables.LinkImage, in.Image},
		{tables.LinkCategory, in.Category},
		{tables.LinkExistence, in.Existence},
	} {
		for _, l := range group.links {
			if err := list.title(tables.Link{Type: group.typ, Page: l.PageID}, l.Namespace, l.Title); err != nil {
				return nil, err
			}
		}
	}
	for _, url := range in.External {
		list.text(tables.LinkExternal, url)
	}
	for _, l := range in.Lang {
		list.text(tables.LinkLang, l)
	}
	for _, l := range in.Interwiki {
		list.text(tables.LinkInterwiki, l.Prefix+":"+l.Title)
	}
	hash := ev.TransclusionSHA1
	if hash == "" {
		hash = ev.ContentSHA1
	}
	return &tables.RenderState{
		Start: ev.Start.Unix(), Rev: ev.Revision.ID, Direct: ev.Closure == events.Direct, Hash: hash,
		Links: list.sorted(),
	}, nil
}

// linkList collects the links of a rendering.
type linkList struct {
	site  *tables.SiteInfo
	links []tables.Link
}

func (l *linkList) title(link tables.Link, namespace int32, text string) error {
	title, err := l.site.Key(namespace, text)
	if err != nil {
		return fmt.Errorf("%s link: %w", link.Type, err)
	}
	link.Namespace, link.Text = title.Namespace, title.DBKey
	l.links = append(l.links, link)
	return nil
}

func (l *linkList) text(typ tables.LinkType, text string) {
	if text != "" {
		l.links = append(l.links, tables.Link{Type: typ, Text: text})
	}
}

// sorted returns the links in order, each target once by type: in effect beyond the page's own view if it is once.
func (l *linkList) sorted() []tables.Link {
	slices.SortStableFunc(l.links, compareLinks)
	out := l.links[:0]
	for _, link := range l.links {
		n := len(out)
		if n == 0 || compareLinks(out[n-1], link) != 0 {
			out = append(out, link)
			continue
		}
		last := &out[n-1]
		last.PageOnly = last.PageOnly && link.PageOnly
		if last.Page == 0 {
			last.Page, last.Rev = link.Page, link.Rev
		}
	}
	return out
}
