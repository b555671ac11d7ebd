package processors

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology"
)

// pages applies the changes of pages to their identities. It sends what the page took and left to titles, and every
// applied change as a life to links and requests.
type pages struct {
	o      Options
	rows   topology.State[tables.PageKey, *tables.PageRow]
	claims topology.Sink[tables.Title, *tables.Claim]
	lives  topology.Sink[tables.PageKey, *tables.Life]
}

func addPages(b *topology.Builder, o Options) {
	p := topology.AddProcessor(b, "pages", tables.PageKeys())
	h := &pages{
		o:      o,
		rows:   topology.Persist(p, tables.PageRows),
		claims: topology.Output(p, tables.Claims),
		lives:  topology.Output(p, tables.Lives),
	}
	topology.Input(p, tables.PageChanges).Handle(h.change)
}

func (h *pages) change(_ context.Context, r *topology.Record[tables.PageKey, events.PageChange]) error {
	if r.Deleted || r.Value.Meta.Canary() {
		return nil
	}
	ev := &r.Value
	if got := (tables.PageKey{Wiki: ev.Wiki, ID: ev.Page.ID}); got != r.Key {
		return fmt.Errorf("page change %s is of page %s, not of its key %s", codecs.Quote(ev.Meta.ID), codecs.Quote(got.String()), codecs.Quote(r.Key.String()))
	}
	now, dropped, err := readChange(h.o.Sites, ev)
	if err != nil {
		return err
	}
	h.o.dropped.note(r.Key, dropped)
	now.date(ev, h.o.Now())
	row, found, err := h.rows.Get(r)
	if err != nil {
		return err
	}
	if !found {
		row = &tables.PageRow{}
	} else if row.Knows(ev.Meta.ID) || !now.brings(row, ev) {
		return nil
	}
	now.complete(row, ev)
	titled, err := h.claim(r, ev, row, &now, found)
	if err != nil {
		return err
	}
	now.apply(row, ev, found)
	life := &tables.Life{
		Kind: now.kind, Event: ev.Meta.ID, DT: now.dt, Rev: now.rev, Live: row.Live, Since: row.Since,
		Name: row.Name, Prefix: row.Prefix, Redirect: row.Redirect, SHA1: row.SHA1, Form: row.Form, Titled: titled,
		Asks: row.Live && now.kind != tables.ChangeVisibility, Version: row.Version, AsOf: now.asOf, Timeless: now.timeless,
	}
	if err := h.lives.Emit(r, r.Key, life); err != nil {
		return err
	}
	if err := h.tellOfRedirect(r, ev, &now); err != nil {
		return err
	}
	return h.rows.Set(r, row)
}

// tellOfRedirect tells of the redirect that a move left behind, as far as the move knows it. Its own create, which may be lost, says more.
func (h *pages) tellOfRedirect(r topology.Scope, ev *events.PageChange, now *identity) error {
	if now.leftRedirect == (tables.Title{}) || now.behind == 0 || now.behind == ev.Page.ID {
		return nil
	}
	to := tables.NameOf(now.title)
	return h.lives.Emit(r, tables.PageKey{Wiki: ev.Wiki, ID: now.behind}, &tables.Life{
		Kind: tables.ChangeCreate, Event: ev.Meta.ID, DT: now.dt, Rev: now.rev, Live: true, Name: tables.NameOf(now.leftRedirect), Prefix: now.priorPrefix,
		Redirect: &to, Titled: true, Heard: true,
	})
}

// claim tells titles what the change took and left, and reports whether titles starts the cascade of the page's own
// title. It sets the kind that the change has for the title.
func (h *pages) claim(r topology.Scope, ev *events.PageChange, row *tables.PageRow, now *identity, found bool) (titled bool, err error) {
	left := func(title tables.Title, prefix string) error {
		return h.claims.Emit(r, title, &tables.Claim{
			Page: ev.Page.ID, Kind: now.kind, Event: ev.Meta.ID, DT: now.dt, Rev: now.rev, Prefix: prefix,
			Quiet: title == now.leftRedirect, Version: row.Version + 1, AsOf: now.asOf, Timeless: now.timeless,
		})
	}
	had, was := found && row.Live, false
	old := row.Name.In(ev.Wiki)
	if now.live && had && old == now.title && now.kind != tables.ChangeUndelete {
		if sameName(row.Redirect, now.redirect) {
			return false, nil
		}
		now.kind = tables.ChangeRedirect
	} else {
		was = now.shift(found, had)
		if had && old != now.title {
			if err := left(old, row.Prefix); err != nil {
				return false, err
			}
		}
		// Where the page's earlier changes were never seen, the event says what it left.
		if prior := now.prior; prior != (tables.Title{}) && prior != now.title && !(had && old == prior) {
			if err := left(prior, now.priorPrefix); err != nil {
				return false, err
			}
		}
		if !now.live {
			return true, left(now.title, now.prefix)
		}
	}
	kind := now.kind
	if was {
		kind = tables.ChangeCreate
	}
	return !was, h.claims.Emit(r, now.title, &tables.Claim{
		Page: ev.Page.ID, Kind: kind, Event: ev.Meta.ID, DT: now.dt, Rev: now.rev, Open: true, Redirect: now.redirect, Prefix: now.prefix,
		Version: row.Version + 1, Was: was, Behind: now.behind, AsOf: now.asOf, Timeless: now.timeless,
	})
}

// shift sets the kind of a change by which a page is at another title, or alive: it stands for a move or an undelete whose own event was lost. It reports
// whether it is the first that is heard of a page that has been there.
func (now *identity) shift(found, had bool) (was bool) {
	switch now.kind {
	case tables.ChangeCreate, tables.ChangeMove, tables.ChangeUndelete, tables.ChangeDelete:
		return false
	}
	switch {
	case !found:
		return true
	case had:
		now.kind = tables.ChangeMove
	default:
		now.kind = tables.ChangeUndelete
	}
	return false
}

// identity is what a change says that a page is now.
type identity struct {
	kind         tables.ChangeKind
	dt, rev      int64
	asOf         int64 // see [tables.Cascade]
	timeless     bool  // likewise
	title        tables.Title
	prefix       string       // of the title's namespace, where the site info does not know it; else empty
	prior        tables.Title // zero: the event does not say
	priorPrefix  string
	leftRedirect tables.Title // the title where a move left a redirect; zero: none
	behind       int64        // that redirect; 0: not said
	redirect     *tables.Name
	sha1, form   string // empty: not said
	live         bool
}

// A change may be told of some time after it was made, and a clock may be ahead.
const (
	promptly  = time.Minute
	clockLead = 10 * time.Minute
)

// date judges the time of a change by when its event was made, and by when it is read. An event that was made long after the time it names, such as
// that of an imported revision, is of when it was made. A time that is still to come is that of a clock that is wrong.
func (now *identity) date(ev *events.PageChange, read time.Time) {
	if ev.Sent.After(ev.Time.Add(promptly)) {
		now.asOf = ev.Sent.Unix()
	}
	if toCome(max(now.dt, now.asOf), read) {
		now.dt, now.asOf, now.timeless = min(now.dt, read.Unix()), 0, true
	}
}

// toCome reports whether a time is later than the clock of whoever wrote it can be, when it is read.
func toCome(at int64, read time.Time) bool { return at > read.Add(clockLead).Unix() }

// brings says whether a change brings news of a page whose earlier changes are known. The order of a page's changes is that of the log, and no
// time alone counts. What says what is known, or of a revision what was said before, is a repeat under another id. So is what is older both by its
// revision and by its time: the log is being read again from far back.
func (now *identity) brings(row *tables.PageRow, ev *events.PageChange) bool {
	switch {
	case now.rev < row.Rev && max(now.dt, now.asOf) < row.DT && !now.timeless:
		return false
	case ev.Kind == events.Delete:
		return row.Live || max(now.dt, now.asOf) > row.DT // it was alive again, and the undelete was lost
	case ev.Kind == events.Undelete:
		return true // of a page that is alive, the delete was lost
	case !row.Live && ev.Kind == events.VisibilityChange:
		return now.rev >= row.Rev // there is the page, so its undelete was lost
	case !row.Live:
		return now.rev > row.Rev // likewise
	case ev.Kind == events.VisibilityChange && now.rev == row.Rev:
		return true // it changes what may be said of the revision
	case ev.Kind != events.Undelete && now.rev < row.Rev && row.KnowsChange(changeKind(ev), now.rev):
		return false
	case now.rev != row.Rev || row.Name != tables.NameOf(now.title):
		return true
	}
	return now.sha1 != "" && now.sha1 != row.SHA1 || now.form != "" && now.form != row.Form ||
		!redirectUnsaid(ev) && !sameName(now.redirect, row.Redirect)
}

// redirectUnsaid reports whether an event does not say where a page leads: neither whether it is a redirect, or that it is one and not where to.
func redirectUnsaid(ev *events.PageChange) bool {
	return ev.Page.Unsaid || ev.Page.Redirect && ev.Page.Link == nil
}

// complete takes what a change does not say from what is known: nothing that is left out is a no. The text of another revision is not known.
func (now *identity) complete(row *tables.PageRow, ev *events.PageChange) {
	if now.live && redirectUnsaid(ev) {
		now.redirect = row.Redirect
	}
	if now.rev != row.Rev {
		return
	}
	if now.sha1 == "" {
		now.sha1 = row.SHA1
	}
	if now.form == "" {
		now.form = row.Form
	}
}

// readChange normalises the titles of a change. Its errors name the event and the title. A redirect or a former title that
// cannot be is dropped.
func readChange(sites *tables.Sites, ev *events.PageChange) (now identity, dropped []events.Dropped, err error) {
	site, err := sites.Site(ev.Wiki)
	if err != nil {
		return now, nil, fmt.Errorf("page change %s: %w", codecs.Quote(ev.Meta.ID), err)
	}
	now = identity{
		kind: changeKind(ev), dt: ev.Time.Unix(), rev: ev.Revision.ID, live: ev.Kind != events.Delete,
		sha1: ev.Revision.ContentSHA1, form: ev.Revision.Form(),
	}
	if now.title, err = site.FromPageTitle(ev.Page.Namespace, ev.Page.Title); err != nil {
		return now, nil, fmt.Errorf("page change %s: page_title: %w", codecs.Quote(ev.Meta.ID), err)
	}
	drop := func(typ, text string, err error) {
		dropped = append(dropped, events.Dropped{Type: typ, Text: text, Fault: titleFault(err)})
	}
	now.prefix = unknownPrefix(site, ev.Page.Namespace, ev.Page.Title)
	if l := ev.Page.Link; ev.Page.Redirect && l != nil && l.Interwiki == "" && now.live {
		prefix := ""
		if l.Namespace == ev.Page.Namespace {
			prefix, _, _ = strings.Cut(ev.Page.Title, ":")
		}
		if to, err := site.FromRedirect(l.Namespace, l.Title, prefix); err != nil {
			drop(tables.LinkRedirect.String(), l.Title, err)
		} else {
			name := tables.NameOf(to)
			now.redirect = &name
		}
	}
	if p := ev.PriorPage; p != nil && p.Title != "" {
		if prior, err := priorTitle(site, ev); err != nil {
			drop("prior_state", p.Title, err) // whoever repairs a wiki moves pages from titles that cannot be
		} else {
			now.prior, now.priorPrefix = prior, unknownPrefix(site, p.Namespace, p.Title)
		}
	}
	if c := ev.CreatedRedirect; ev.Kind == events.Move && c != nil {
		now.leftRedirect, now.behind = now.prior, c.ID
		if c.Title != "" {
			if left, err := site.FromPageTitle(c.Namespace, c.Title); err != nil {
				drop("created_redirect_page", c.Title, err)
			} else {
				now.leftRedirect = left
			}
		}
	}
	return now, append(slices.Clip(ev.Dropped), dropped...), nil
}

// priorTitle is the title that a page had before. Where its namespace is not said, it is that of the page itself if the prefix is the same,
// and else the one that the prefix names.
func priorTitle(site *tables.SiteInfo, ev *events.PageChange) (tables.Title, error) {
	p := ev.PriorPage
	if !p.Unsaid || titlePrefix(p.Title) == titlePrefix(ev.Page.Title) && ev.Page.Namespace != 0 {
		return site.FromPageTitle(p.Namespace, p.Title)
	}
	return site.Parse(p.Title)
}

func titlePrefix(title string) string {
	prefix, _, ok := strings.Cut(title, ":")
	if !ok {
		return ""
	}
	return prefix
}

// apply makes row what the change says.
func (now *identity) apply(row *tables.PageRow, ev *events.PageChange, found bool) {
	name := tables.NameOf(now.title)
	if now.live && !row.Live {
		row.Since = 0
		if found || now.kind != tables.ChangeCreate || ev.Kind == events.Create {
			row.Since = now.dt // otherwise the page was there before its first change that was seen
		}
	}
	row.Note(ev.Meta.ID, changeKind(ev), now.rev)
	row.Version++
	if n := len(row.History); n == 0 || row.History[n-1].Name != name || row.History[n-1].Live != now.live {
		row.History = append(row.History, tables.PageSpan{From: now.dt, Name: name, Live: now.live})
		if n == tables.PageHistory {
			row.History = slices.Delete(row.History, 0, 1)
		}
	}
	row.Name, row.Prefix, row.DT, row.Rev, row.Live, row.Redirect = name, now.prefix, now.dt, now.rev, now.live, now.redirect
	row.SHA1, row.Form = now.sha1, now.form
}

// unknownPrefix returns the prefix of a title as an event spells it, where the site info has another for its namespace.
func unknownPrefix(site *tables.SiteInfo, namespace int32, title string) string {
	prefix, _, ok := strings.Cut(title, ":")
	if namespace == 0 || !ok || len(prefix) > maxForeign {
		return ""
	}
	if known, ok := site.Namespace(namespace); ok && strings.ReplaceAll(known.Name, " ", "_") == prefix {
		return ""
	}
	return prefix
}

func changeKind(ev *events.PageChange) tables.ChangeKind {
	switch ev.Kind {
	case events.Create:
		return tables.ChangeCreate
	case events.Move:
		return tables.ChangeMove
	case events.Delete:
		return tables.ChangeDelete
	case events.Undelete:
		return tables.ChangeUndelete
	case events.VisibilityChange:
		return tables.ChangeVisibility
	}
	if ev.Page.Namespace == tables.NamespaceFile {
		return tables.ChangeFile
	}
	return tables.ChangeContent
}

const categoryNamespace = 14

func sameName(a, b *tables.Name) bool {
	return a == b || a != nil && b != nil && *a == *b
}
