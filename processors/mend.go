package processors

import (
	"strings"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// mendChange gives the titles of a page change that lack the prefix of their namespace, as in the examples of Wikimedia's schema, that prefix.
// What is no title stays as it is.
func mendChange(sites *tables.Sites, ev *events.PageChange) {
	site, err := sites.Site(ev.Wiki)
	if err != nil {
		return
	}
	mendTitle(site, ev.Page.Namespace, &ev.Page.Title)
	if p := ev.PriorPage; p != nil && !p.Unsaid {
		mendTitle(site, p.Namespace, &p.Title)
	}
	if c := ev.CreatedRedirect; c != nil {
		mendTitle(site, c.Namespace, &c.Title)
	}
}

// mendRender is mendChange for a render.
func mendRender(sites *tables.Sites, ev *events.Render) {
	if site, err := sites.Site(ev.Wiki); err == nil {
		mendTitle(site, ev.Page.Namespace, &ev.Page.Title)
	}
}

func mendTitle(site *tables.SiteInfo, namespace int32, title *string) {
	if namespace == 0 || strings.Contains(*title, ":") {
		return
	}
	if t, err := site.Key(namespace, *title); err == nil {
		*title = site.Prefixed(t)
	}
}
