package processors

import (
	"fmt"
	"slices"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// readRender normalises a rendering, by the rules of its wiki. A link that cannot be is dropped; the others are used.
func readRender(site *tables.SiteInfo, ev *events.Render) (*tables.RenderState, []events.Dropped) {
	in := &ev.Links
	list := linkList{site: site, links: make([]tables.Link, 0, len(in.Template)+len(in.Page)+len(in.Image)+
		len(in.Category)+len(in.Existence)+len(in.External)+len(in.Lang)+len(in.Interwiki))}
	list.titles(in)
	for _, url := range in.External {
		list.add(tables.Link{Type: tables.LinkExternal, Text: url}, checkExternal(url))
	}
	for _, l := range in.Lang {
		list.add(tables.Link{Type: tables.LinkLang, Text: l}, checkLang(l))
	}
	for _, l := range in.Interwiki {
		list.add(tables.Link{Type: tables.LinkInterwiki, Text: l.Prefix + ":" + l.Title}, checkPrefixed(l.Prefix, l.Title))
	}
	hash := ev.TransclusionSHA1
	if hash == "" {
		hash = ev.ContentSHA1
	}
	state := &tables.RenderState{
		Start: ev.Start.Unix(), Rev: ev.Revision.ID, Direct: ev.Closure == events.Direct, Hash: hash,
		Links: list.sorted(),
	}
	list.bound(state)
	return state, list.dropped
}

// renderSite returns the rules of a rendering's wiki. Its error names the event.
func renderSite(sites *tables.Sites, ev *events.Render) (*tables.SiteInfo, error) {
	site, err := sites.Site(ev.Wiki)
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", codecs.Quote(ev.Meta.ID), err)
	}
	return site, nil
}

// linkList collects the links of a rendering.
type linkList struct {
	site    *tables.SiteInfo
	links   []tables.Link
	dropped []events.Dropped
}

// titles takes in the links to titles.
func (l *linkList) titles(in *events.Links) {
	for _, x := range in.Template {
		link := tables.Link{Type: tables.LinkTemplate, Page: x.PageID, Rev: x.RevID, PageOnly: x.Scope == events.PageOnly}
		l.title(link, x.Namespace, x.Title)
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
		for _, x := range group.links {
			l.title(tables.Link{Type: group.typ, Page: x.PageID}, x.Namespace, x.Title)
		}
	}
}

func (l *linkList) title(link tables.Link, namespace int32, text string) {
	title, err := l.site.Key(namespace, text)
	fault := titleFault(err)
	switch {
	case namespace < leastNamespace:
		fault = events.FaultNamespace
	case link.Page < 0 || link.Rev < 0:
		fault = events.FaultNumber
	}
	link.Namespace, link.Text = title.Namespace, title.DBKey
	if fault != "" {
		link.Text = text
	}
	l.add(link, fault)
}

func (l *linkList) add(link tables.Link, fault events.Fault) {
	if fault != "" {
		l.dropped = append(l.dropped, events.Dropped{Type: link.Type.String(), Text: link.Text, Fault: fault})
		return
	}
	l.links = append(l.links, link)
}

// sorted returns the links in order, each target once by type: in effect beyond the page's own view if it is once.
func (l *linkList) sorted() []tables.Link {
	slices.SortStableFunc(l.links, tables.Link.Compare)
	out := l.links[:0]
	for _, link := range l.links {
		n := len(out)
		if n == 0 || out[n-1].Compare(link) != 0 {
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

// renderCost bounds what the links of one rendering may lead to, in bytes. A record may add those of one and remove those of another, and that is less than
// what the engine lets a record emit and write.
const renderCost = 28 << 20

// cost is what a link may lead to when it comes, in bytes: what is sent to its target, its part of a row and of link-changes. When it goes it is less.
func cost(wiki string, l *tables.Link) int {
	bytes := 3*len(l.Text) + 3*len(wiki) + 180
	if l.Type == tables.LinkTemplate {
		bytes += 320 // the name of the page goes with it
	}
	return bytes
}

// bound drops the last links of a rendering that has too many.
func (l *linkList) bound(state *tables.RenderState) {
	left := renderCost
	for i := range state.Links {
		if left -= cost(l.site.Wiki(), &state.Links[i]); left >= 0 {
			continue
		}
		for _, link := range state.Links[i:] {
			l.dropped = append(l.dropped, events.Dropped{Type: link.Type.String(), Text: link.Text, Fault: events.FaultMany})
		}
		clear(state.Links[i:])
		state.Links = state.Links[:i]
		return
	}
}
