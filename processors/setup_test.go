package processors_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology/topologytest"
)

const wiki = "testwiki"

// bench is the pipeline in memory with short words for events. It comes to rest after each.
type bench struct {
	t       *testing.T
	driver  *topologytest.Driver
	changes *topologytest.Feed[tables.PageKey, events.PageChange]
	renders *topologytest.Feed[tables.PageKey, events.Render]
	asked   *topologytest.Tap[tables.PageKey, tables.Request]
	phases  *topologytest.Tap[tables.CascadeID, tables.CascadeEvent]
	links   *topologytest.Tap[tables.PageKey, tables.LinkChange]
	n       int
}

func setup(t *testing.T, o processors.Options, opts ...topologytest.DriverOption) *bench {
	t.Helper()
	topo, err := processors.New(o)
	if err != nil {
		t.Fatal(err)
	}
	d := topologytest.New(t, topo, append(opts, topologytest.Fresh())...)
	return &bench{
		t: t, driver: d, changes: topologytest.Input(d, tables.PageChanges), renders: topologytest.Input(d, tables.Renders),
		asked: topologytest.Output(d, tables.RerenderRequests), phases: topologytest.Output(d, tables.CascadeEvents),
		links: topologytest.Output(d, tables.LinkChanges),
	}
}

func at(second int) time.Time { return time.Unix(1_700_000_000+int64(second), 0).UTC() }

func namespace(title string) int32 {
	switch {
	case strings.HasPrefix(title, "Template:"):
		return 10
	case strings.HasPrefix(title, "File:"):
		return 6
	case strings.HasPrefix(title, "Category:"):
		return 14
	}
	return 0
}

func unprefixed(title string) string {
	if namespace(title) == 0 {
		return title
	}
	_, key, _ := strings.Cut(title, ":")
	return key
}

// change sends a page change; the options complete it.
func (b *bench) change(kind events.ChangeKind, second int, id int64, title string, rev int64, opts ...func(*events.PageChange)) events.PageChange {
	b.t.Helper()
	b.n++
	c := events.PageChange{
		Meta: events.Meta{ID: fmt.Sprintf("change-%d", b.n)}, Wiki: wiki, Time: at(second), Kind: kind,
		Page:     events.Page{ID: id, Namespace: namespace(title), Title: title},
		Revision: events.Revision{ID: rev, Time: at(second), ContentSHA1: fmt.Sprintf("text-%d", rev)},
	}
	for _, o := range opts {
		o(&c)
	}
	b.changes.Send(tables.PageKey{Wiki: wiki, ID: id}, c)
	return c
}

func redirectTo(title string) func(*events.PageChange) {
	return func(c *events.PageChange) {
		c.Page.Redirect, c.Page.Link = true, &events.RedirectLink{Namespace: namespace(title), Title: title}
	}
}

func movedFrom(title string, redirect int64) func(*events.PageChange) {
	return func(c *events.PageChange) {
		c.PriorPage = &events.PriorPage{Namespace: namespace(title), Title: title}
		if redirect != 0 {
			c.CreatedRedirect = &events.Page{ID: redirect, Namespace: namespace(title), Title: title, Redirect: true}
		}
	}
}

// uses is what a rendering lists. A name may say what was met: "Template:T@7.12" is page 7 at revision 12; a "!" behind
// it is a use in the page's own view only. Types other than template have their name in front: "page=A@3".
type uses []string

func (b *bench) render(second int, id int64, title string, rev int64, hash string, list uses, opts ...func(*events.Render)) events.Render {
	b.t.Helper()
	b.n++
	r := events.Render{
		Meta: events.Meta{ID: fmt.Sprintf("render-%d", b.n)}, Wiki: wiki, Start: at(second),
		Page:     events.RenderPage{ID: id, Title: title, Namespace: namespace(title)},
		Revision: events.RenderRevision{ID: rev}, TransclusionSHA1: hash, OutputSHA1: "output",
	}
	for _, use := range list {
		typ, name, ok := strings.Cut(use, "=")
		if !ok {
			typ, name = "template", use
		}
		name, own := strings.CutSuffix(name, "!")
		name, met, _ := strings.Cut(name, "@")
		var page, used int64
		_, _ = fmt.Sscanf(met, "%d.%d", &page, &used)
		title := events.TitleLink{Namespace: namespace(name), Title: unprefixed(name), PageID: page}
		switch typ {
		case "template":
			l := events.TemplateLink{Namespace: title.Namespace, Title: title.Title, PageID: page, RevID: used}
			if own {
				l.Scope = events.PageOnly
			}
			r.Links.Template = append(r.Links.Template, l)
		case "page":
			r.Links.Page = append(r.Links.Page, title)
		case "image":
			r.Links.Image = append(r.Links.Image, title)
		case "category":
			r.Links.Category = append(r.Links.Category, title)
		case "existence":
			r.Links.Existence = append(r.Links.Existence, title)
		case "external":
			r.Links.External = append(r.Links.External, name)
		default:
			b.t.Fatalf("no link type %q", typ)
		}
	}
	for _, o := range opts {
		o(&r)
	}
	b.renders.Send(tables.PageKey{Wiki: wiki, ID: id}, r)
	return r
}

func direct(r *events.Render) { r.Closure = events.Direct }

// page creates a page and renders it.
func (b *bench) page(second int, id int64, title string, list uses, opts ...func(*events.Render)) {
	b.t.Helper()
	b.change(events.Create, second, id, title, id)
	b.render(second, id, title, id, fmt.Sprintf("hash-%d", id), list, opts...)
}

// requests returns what has been asked for since the last call: "kind root: page reason depth", sorted; the requests of
// changed pages for themselves are left out.
func (b *bench) requests() []string {
	b.t.Helper()
	var list []string
	for {
		_, r, ok := b.asked.Next()
		if !ok {
			slices.Sort(list)
			return list
		}
		if r.Reason != tables.LinkSelf {
			list = append(list, fmt.Sprintf("%s %s: %d %s %d", r.Cascade.Kind, r.Cascade.Root.PageTitle, r.PageID, r.Reason, r.Depth))
		}
	}
}

// expect compares the requests since the last call; what says when.
func (b *bench) expect(what string, want ...string) {
	b.t.Helper()
	slices.Sort(want)
	if got := b.requests(); !slices.Equal(got, want) {
		b.t.Errorf("%s: asked for\n  %s\nwant\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// course returns the phases reported since the last call: "kind root phase asked/outstanding".
func (b *bench) course() []string {
	var list []string
	for {
		_, e, ok := b.phases.Next()
		if !ok {
			return list
		}
		list = append(list, fmt.Sprintf("%s %s %s %d/%d", e.Cascade.Kind, e.Cascade.Root.PageTitle, e.Phase, e.Asked, e.Outstanding))
	}
}

func (b *bench) dependents(title string) []string {
	b.t.Helper()
	var list []string
	for _, e := range topologytest.Rows(b.driver, tables.Dependents) {
		if e.Key.IsChunk() || e.Key.Kind != tables.TargetTitle || e.Key.Namespace != namespace(title) || e.Key.Text != unprefixed(title) {
			continue
		}
		for _, s := range e.Value.Target.Sources {
			for typ, set := range s.Edges.Sets() {
				for _, id := range set {
					list = append(list, fmt.Sprintf("%s %d", typ, id))
				}
			}
		}
	}
	slices.SortFunc(list, cmp.Compare[string])
	return list
}
