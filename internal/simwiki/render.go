package simwiki

import (
	"fmt"
	"maps"
	"slices"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// Render renders a living page as the wiki is now: the event's start is now. The event is
// returned, not emitted: a renderer takes its time. Cause is the request that it answers, or nil.
func (w *Wiki) Render(id int64, cause *events.Cause) (Event, error) {
	p, err := w.living(id)
	if err != nil {
		return Event{}, fmt.Errorf("rendering: %w", err)
	}
	v := w.look(p)
	closure := events.Direct
	if v.listing == Complete {
		closure = events.Complete
	}
	return Event{Render: &events.Render{
		Meta: w.meta("render"), Wiki: w.opt.Name, Start: w.now,
		Page:     events.RenderPage{ID: id, Title: Prefixed(p.name), Namespace: p.name.Namespace},
		Revision: events.RenderRevision{ID: p.rev}, Closure: closure,
		OutputSHA1: v.output(), ContentSHA1: p.text.content(), TransclusionSHA1: p.text.Transclusion(),
		Links: v.links(v.listing), Cause: cause,
	}}, nil
}

// Output returns the output hash that a rendering of a page would have now; false: it is not alive.
func (w *Wiki) Output(id int64) (string, bool) {
	p, err := w.living(id)
	if err != nil {
		return "", false
	}
	return w.look(p).output(), true
}

// Explain returns what a rendering of a page would show now, a line for each piece.
func (w *Wiki) Explain(id int64) []string {
	p, err := w.living(id)
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(w.look(p).shown))
}

// Living returns the ids of the living pages, ascending.
func (w *Wiki) Living() []int64 {
	var ids []int64
	for _, id := range slices.Sorted(maps.Keys(w.pages)) {
		if w.pages[id].live {
			ids = append(ids, id)
		}
	}
	return ids
}

// Deleted returns the ids of the deleted pages, ascending.
func (w *Wiki) Deleted() []int64 {
	var ids []int64
	for _, id := range slices.Sorted(maps.Keys(w.pages)) {
		if !w.pages[id].live {
			ids = append(ids, id)
		}
	}
	return ids
}

// Page returns a page's title and text, deleted or not.
func (w *Wiki) Page(id int64) (tables.Name, Text, bool) {
	p := w.pages[id]
	if p == nil {
		return tables.Name{}, Text{}, false
	}
	return p.name, p.text, true
}

// At returns the page at a title.
func (w *Wiki) At(name tables.Name) (id int64, ok bool) {
	if p := w.titles[name]; p != nil {
		return p.id, true
	}
	return 0, false
}

// Uses returns every title that a rendering of a page would use now, in whatever way; nil if it
// is not alive.
func (w *Wiki) Uses(id int64) map[tables.Name]bool {
	p, err := w.living(id)
	if err != nil {
		return nil
	}
	v := w.look(p)
	used := map[tables.Name]bool{}
	for n := range v.templates {
		used[n] = true
	}
	for _, names := range []map[tables.Name]bool{v.pages, v.images, v.category, v.existence} {
		for n := range names {
			used[n] = true
			if q := w.titles[n]; q != nil && q.text.Redirect != nil {
				used[*q.text.Redirect] = true
			}
		}
	}
	return used
}

// Via is a page through which a rendering shows others, or whose being a redirect it shows.
type Via struct {
	Page     int64
	Template bool // as a template
	Redirect bool // it leads on
	Linked   bool // by a link, which shows whether it is a redirect
}

// Through returns the pages through which a rendering of a page would show others now.
func (w *Wiki) Through(id int64) []Via {
	p, err := w.living(id)
	if err != nil {
		return nil
	}
	v := w.look(p)
	var list []Via
	add := func(n tables.Name, via Via) {
		if q := w.titles[n]; q != nil {
			via.Page, via.Redirect = q.id, q.text.Redirect != nil
			list = append(list, via)
		}
	}
	for n := range v.templates {
		add(n, Via{Template: true})
	}
	for n := range v.pages {
		add(n, Via{Linked: true})
	}
	for n := range v.images {
		add(n, Via{})
	}
	return list
}
