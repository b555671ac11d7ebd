package faults

import (
	"fmt"
	"time"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// epoch is the time of the first event, and perSecond how many events share a second.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Unix()

const perSecond = 50

// now is the time of the next event, in Unix seconds.
func (l *Load) now() int64 { return epoch + int64(len(l.log)/perSecond) }

// event logs an event and returns it.
func (l *Load) event(e simwiki.Event) simwiki.Event {
	l.log = append(l.log, e)
	return e
}

// meta returns the identity of the next event.
func (l *Load) meta(kind string) events.Meta {
	return events.Meta{ID: fmt.Sprintf("%s-%d", kind, len(l.log)), Domain: "faults.example.org"}
}

func (l *Load) change(kind events.ChangeKind, id int64, name tables.Name, rev, at int64) simwiki.Event {
	when, hash := time.Unix(at, 0).UTC(), fmt.Sprintf("text-%d-%d", id, rev)
	return l.event(simwiki.Event{Change: &events.PageChange{
		Meta: l.meta(kind.String()), Wiki: loadWiki, Time: when, Kind: kind,
		Page:     events.Page{ID: id, Namespace: name.Namespace, Title: simwiki.Prefixed(name)},
		Revision: events.Revision{ID: rev, Time: when, SHA1: hash, ContentSHA1: hash},
	}})
}

func (l *Load) changeTemplate(kind events.ChangeKind, t int, at int64) simwiki.Event {
	tpl := &l.templates[t]
	return l.change(kind, tpl.id, tpl.name, tpl.rev, at)
}

func (l *Load) rendering(id int64, name tables.Name, rev, at int64, links events.Links) simwiki.Event {
	text := fmt.Sprintf("%d-%d", id, rev)
	return l.event(simwiki.Event{Render: &events.Render{
		Meta: l.meta("render"), Wiki: loadWiki, Start: time.Unix(at, 0).UTC(), Closure: events.Direct,
		Page:     events.RenderPage{ID: id, Title: simwiki.Prefixed(name), Namespace: name.Namespace},
		Revision: events.RenderRevision{ID: rev}, Links: links,
		OutputSHA1: "output-" + text, ContentSHA1: "text-" + text, TransclusionSHA1: "transcluded-" + text,
	}})
}

func (l *Load) renderTemplate(t int, at int64) simwiki.Event {
	tpl := &l.templates[t]
	return l.rendering(tpl.id, tpl.name, tpl.rev, at, events.Links{Template: l.uses(l.links[t])})
}

// render renders an article with its present links.
func (l *Load) render(a *article) simwiki.Event {
	a.rendered = l.now()
	links := events.Links{Template: append(l.uses(a.templates), l.uses(a.used)...)}
	for _, list := range [][]int{a.pages, a.linked} {
		for _, i := range list {
			link := events.TitleLink{Title: fmt.Sprintf("A%d", i)}
			if i < len(l.articles) {
				link.PageID = l.articles[i].id
			}
			links.Page = append(links.Page, link)
		}
	}
	return l.rendering(a.id, a.name, 1, a.rendered, links)
}

// uses lists templates as the links of a rendering.
func (l *Load) uses(templates []int) []events.TemplateLink {
	var out []events.TemplateLink
	for _, u := range templates {
		tpl := &l.templates[u]
		out = append(out, events.TemplateLink{Namespace: simwiki.Template, Title: tpl.name.DBKey, PageID: tpl.id, RevID: 1})
	}
	return out
}
