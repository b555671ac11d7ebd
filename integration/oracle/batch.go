package oracle

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/eddystream/eddy/internal/simwiki"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// Reading says how far the times of a log can be trusted.
type Reading struct {
	// Skew is how far clocks may be apart.
	Skew time.Duration
	// Latest is the last time that is none to come. Zero: none is.
	Latest time.Time
}

// Batch computes the tables from a whole log whose events have one clock.
func Batch(sites *tables.Sites, log iter.Seq[simwiki.Event]) (*Derived, error) {
	return Reading{}.Batch(sites, log)
}

// Batch computes the tables from a whole log: each page's changes in their order, its last
// rendering, and from these the titles and the dependents. Events that cannot be read as titles
// of their wiki are left out, as are canaries.
func (g Reading) Batch(sites *tables.Sites, log iter.Seq[simwiki.Event]) (*Derived, error) {
	b := &batch{Reading: g, sites: sites, pages: map[tables.PageKey]*history{}, past: map[tables.Title]map[tables.TitleSpan]bool{}}
	for e := range log {
		if err := b.add(e); err != nil {
			return nil, err
		}
	}
	return b.derived(), nil
}

type batch struct {
	Reading

	sites *tables.Sites
	pages map[tables.PageKey]*history
	past  map[tables.Title]map[tables.TitleSpan]bool
}

// history is one page, as far as the log has been read.
type history struct {
	changed  bool // a change of it was seen
	name     tables.Name
	dt, rev  int64
	live     bool
	claim    tables.TitleClaim // on its title: a page claims it when it takes it, and when its redirect changes
	redirect *tables.Name
	heard    *tables.Name    // where the page leads by the move that left it, as long as no change of its own tells
	seen     map[string]bool // event ids

	lifeRev, pastRev int64            // the first revision of the present life, the last of former ones
	renders          []*events.Render // in their order, without repeats
	rendered         map[string]bool  // event ids
}

// past reports whether a revision is of a former life.
func (h *history) past(rev int64) bool { return rev > h.lifeRev && rev <= h.pastRev }

// last is the page's last rendering, but for those that began earlier than one before, or are of an older revision; nil: none.
func (h *history) last(g Reading) (last *events.Render) {
	var latest int64 // its start
	for _, r := range h.renders {
		start := r.Start.Unix()
		if !g.Latest.IsZero() && r.Start.After(g.Latest) {
			start = latest // it began after the one before it, and nobody knows when
		}
		before := last
		switch {
		case last == nil, h.past(last.Revision.ID) && !h.past(r.Revision.ID):
			last = r
		case start < latest-int64(g.Skew/time.Second) && (r.Revision.ID <= last.Revision.ID || h.past(r.Revision.ID)):
		case !h.changed || h.past(last.Revision.ID) || r.Revision.ID >= last.Revision.ID || last.Revision.ID > h.rev:
			last = r
		}
		if last != before {
			latest = start
		}
	}
	return last
}

func (b *batch) page(key tables.PageKey) *history {
	h := b.pages[key]
	if h == nil {
		h = &history{seen: map[string]bool{}, rendered: map[string]bool{}}
		b.pages[key] = h
	}
	return h
}

func (b *batch) add(e simwiki.Event) error {
	if e.Render != nil {
		if !e.Render.Meta.Canary() {
			b.page(e.PageKey()).render(e.Render)
		}
		return nil
	}
	if e.Change.Meta.Canary() {
		return nil
	}
	site, err := b.sites.Site(e.Change.Wiki)
	if err != nil {
		return err
	}
	b.change(site, b.page(e.PageKey()), e.Change)
	return nil
}

// revives reports whether a change is of a page that is, or was, alive, though it was deleted: the undelete may be lost.
func (h *history) revives(c *events.PageChange) bool {
	switch c.Kind {
	case events.Delete:
		return c.Time.Unix() > h.dt
	case events.Undelete:
		return true
	case events.VisibilityChange:
		return c.Revision.ID >= h.rev
	}
	return c.Revision.ID > h.rev
}

// hear takes in what the first move that left the page says of it.
func (h *history) hear(to *tables.Name) {
	if !h.changed && h.heard == nil {
		h.heard = to
	}
}

func (h *history) render(r *events.Render) {
	if !h.rendered[r.Meta.ID] {
		h.rendered[r.Meta.ID] = true
		h.renders = append(h.renders, r)
	}
}

func (b *batch) change(site *tables.SiteInfo, h *history, c *events.PageChange) {
	dt := c.Time.Unix()
	alike := fmt.Sprintf("%d to %d", c.Kind, c.Revision.ID) // an edit makes a revision of its own
	if h.seen[c.Meta.ID] || h.seen[alike] {
		return
	}
	title, err := site.FromPageTitle(c.Page.Namespace, c.Page.Title)
	if err != nil {
		return
	}
	if h.changed && !h.live && !h.revives(c) {
		return
	}
	h.seen[c.Meta.ID] = true
	if c.Kind == events.Create || c.Kind == events.Edit || c.Kind == events.Move {
		h.seen[alike] = true
	}

	live := c.Kind != events.Delete
	switch {
	case h.changed && h.live && (h.name != tables.NameOf(title) || !live):
		b.left(h.name.In(c.Wiki), tables.TitleSpan{Page: c.Page.ID, From: h.claim.From, To: dt})
	case !live:
		b.left(title, tables.TitleSpan{Page: c.Page.ID, To: dt})
	}
	had := h.changed && h.live
	if had && !live && h.name != tables.NameOf(title) {
		b.left(title, tables.TitleSpan{Page: c.Page.ID, To: dt}) // the move there was lost
	}
	if prior := c.PriorPage; prior != nil && prior.Title != "" && !(had && live && h.name == tables.NameOf(title)) {
		if old, err := site.FromPageTitle(prior.Namespace, prior.Title); err == nil && old != title && !(had && h.name == tables.NameOf(old)) {
			b.left(old, tables.TitleSpan{Page: c.Page.ID, To: dt})
		}
	}
	switch {
	case h.changed && h.live && !live:
		h.pastRev = max(h.pastRev, h.rev, c.Revision.ID)
	case live && (!h.live || c.Kind == events.Undelete):
		h.lifeRev = c.Revision.ID
	}
	if left := c.CreatedRedirect; c.Kind == events.Move && left != nil && left.ID != 0 && left.ID != c.Page.ID {
		to := tables.NameOf(title)
		b.page(tables.PageKey{Wiki: c.Wiki, ID: left.ID}).hear(&to)
	}
	was := *h
	if !(live && (c.Page.Unsaid || c.Page.Redirect && c.Page.Link == nil)) { // what is not said goes on
		h.redirect = nil
	}
	if link := c.Page.Link; live && link != nil && c.Page.Redirect && link.Interwiki == "" {
		h.redirect = redirect(site, c, link)
	}
	h.changed, h.name, h.dt, h.rev, h.live = true, tables.NameOf(title), dt, c.Revision.ID, live
	took := !was.changed || !was.live || was.name != h.name
	if live && (took || c.Kind == events.Undelete || leads(was.redirect) != leads(h.redirect)) {
		h.claim = tables.TitleClaim{Page: c.Page.ID, DT: dt, Rev: h.rev, From: was.claim.From, Redirect: h.redirect}
		if took {
			h.claim.From = dt
		}
	}
}

func redirect(site *tables.SiteInfo, c *events.PageChange, link *events.RedirectLink) *tables.Name {
	prefix := ""
	if link.Namespace == c.Page.Namespace && link.Namespace != 0 {
		for i, r := range c.Page.Title {
			if r == ':' {
				prefix = c.Page.Title[:i]
				break
			}
		}
	}
	t, err := site.FromRedirect(link.Namespace, link.Title, prefix)
	if err != nil {
		return nil
	}
	n := tables.NameOf(t)
	return &n
}

// left records that a page had a title.
func (b *batch) left(t tables.Title, span tables.TitleSpan) {
	if b.past[t] == nil {
		b.past[t] = map[tables.TitleSpan]bool{}
	}
	b.past[t][span] = true
}

// titles returns the claims on each title: the open ones by (rev_id, page_id), of the past
// ones the newest by (to, from, page_id).
func (b *batch) titles() map[tables.Title]*tables.TitleRow {
	rows := map[tables.Title]*tables.TitleRow{}
	row := func(t tables.Title) *tables.TitleRow {
		if rows[t] == nil {
			rows[t] = &tables.TitleRow{}
		}
		return rows[t]
	}
	for key, h := range b.pages {
		if h.changed && h.live {
			r := row(h.name.In(key.Wiki))
			r.Open = append(r.Open, h.claim)
		}
	}
	for t, spans := range b.past {
		row(t).Past = slices.SortedFunc(maps.Keys(spans), func(x, y tables.TitleSpan) int {
			return cmp.Or(cmp.Compare(x.To, y.To), cmp.Compare(x.From, y.From), cmp.Compare(x.Page, y.Page))
		})
	}
	for _, r := range rows {
		slices.SortFunc(r.Open, func(x, y tables.TitleClaim) int {
			return cmp.Or(cmp.Compare(x.Rev, y.Rev), cmp.Compare(x.Page, y.Page))
		})
		r.Past = r.Past[max(0, len(r.Past)-tables.TitleHistory):]
	}
	return rows
}

// links returns the links that count: of a living page's last rendering, if that is of a revision
// of the present life, and where a redirect leads.
func (b *batch) links(key tables.PageKey, h *history) linkSet {
	set := linkSet{}
	site, err := b.sites.Site(key.Wiki)
	if err != nil {
		return set
	}
	if h.changed && h.live && h.redirect != nil {
		set[typedTarget{tables.LinkRedirect, tables.TitleTarget(h.redirect.In(key.Wiki)).String()}] = true
	}
	if !h.changed && h.heard != nil {
		set[typedTarget{tables.LinkRedirect, tables.TitleTarget(h.heard.In(key.Wiki)).String()}] = true
	}
	render := h.last(b.Reading)
	if render == nil || h.changed && (!h.live || h.past(render.Revision.ID)) {
		return set
	}
	title := func(kind tables.LinkType, namespace int32, dbkey string) {
		if t, err := site.Key(namespace, dbkey); err == nil {
			set[typedTarget{kind, tables.TitleTarget(t).String()}] = true
		}
	}
	l := render.Links
	for _, x := range l.Template {
		title(tables.LinkTemplate, x.Namespace, x.Title)
	}
	for kind, list := range map[tables.LinkType][]events.TitleLink{
		tables.LinkPage: l.Page, tables.LinkImage: l.Image, tables.LinkCategory: l.Category, tables.LinkExistence: l.Existence,
	} {
		for _, x := range list {
			title(kind, x.Namespace, x.Title)
		}
	}
	for _, url := range l.External {
		set[typedTarget{tables.LinkExternal, tables.ExternalTarget(key.Wiki, url).String()}] = true
	}
	for _, x := range l.Lang {
		set[typedTarget{tables.LinkLang, tables.LangTarget(key.Wiki, x).String()}] = true
	}
	for _, x := range l.Interwiki {
		set[typedTarget{tables.LinkInterwiki, tables.InterwikiTarget(key.Wiki, x.Prefix, x.Title).String()}] = true
	}
	return set
}

func (b *batch) derived() *Derived {
	d := &Derived{Pages: map[string]string{}, Titles: map[string]string{}, Links: map[string]string{}}
	edges := dependents{}
	for key, h := range b.pages {
		if h.changed {
			d.Pages[key.String()] = pageLine(h.name, h.dt, h.rev, h.live, h.redirect)
		}
		set := b.links(key, h)
		if len(set) > 0 {
			d.Links[key.String()] = set.line()
		}
		for l := range set {
			edges.set(l.target, l.kind, key, true)
		}
	}
	for t, row := range b.titles() {
		if line := titleLine(row); line != "" {
			d.Titles[t.String()] = line
		}
	}
	d.Dependents = edges.lines()
	return d
}
