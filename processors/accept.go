package processors

import (
	"fmt"
	"math"
	"strings"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

func checkPage(id int64) error {
	if id < 1 || id > math.MaxUint32 {
		return fmt.Errorf("page_id %d is not within 1 to %d", id, uint32(math.MaxUint32))
	}
	return nil
}

// AcceptChange makes a page change one that the pipeline can use: a title that lacks the prefix of its namespace, as in the examples of Wikimedia's schema,
// is given it. The error says what the pipeline cannot use: a wiki that is unknown, a page without an id, a title that is none.
func AcceptChange(sites *tables.Sites, ev *events.PageChange) error {
	mendChange(sites, ev)
	site, err := sites.Site(ev.Wiki)
	if err != nil {
		return err
	}
	if err := checkPage(ev.Page.ID); err != nil {
		return err
	}
	if _, err := site.FromPageTitle(ev.Page.Namespace, ev.Page.Title); err != nil {
		return fmt.Errorf("page_title: %w", err)
	}
	if l := ev.Page.Link; ev.Page.Redirect && l != nil && l.Interwiki == "" && ev.Kind != events.Delete {
		prefix := ""
		if l.Namespace == ev.Page.Namespace {
			prefix, _, _ = strings.Cut(ev.Page.Title, ":")
		}
		if _, err := site.FromRedirect(l.Namespace, l.Title, prefix); err != nil {
			return fmt.Errorf("redirect_page_link: %w", err)
		}
	}
	if p := ev.PriorPage; p != nil && p.Title != "" {
		if _, err := priorTitle(site, ev); err != nil {
			return fmt.Errorf("prior_state: %w", err)
		}
	}
	if c := ev.CreatedRedirect; ev.Kind == events.Move && c != nil && c.Title != "" {
		if _, err := site.FromPageTitle(c.Namespace, c.Title); err != nil {
			return fmt.Errorf("created_redirect_page: %w", err)
		}
	}
	return nil
}

// AcceptRender is like [AcceptChange], for a rendering.
func AcceptRender(sites *tables.Sites, ev *events.Render) error {
	mendRender(sites, ev)
	site, err := sites.Site(ev.Wiki)
	if err != nil {
		return err
	}
	if err := checkPage(ev.Page.ID); err != nil {
		return err
	}
	for _, l := range ev.Links.Template {
		if _, err := site.Key(l.Namespace, l.Title); err != nil {
			return fmt.Errorf("links.template: %w", err)
		}
	}
	for _, group := range []struct {
		name  string
		links []events.TitleLink
	}{
		{"page", ev.Links.Page},
		{"image", ev.Links.Image},
		{"category", ev.Links.Category},
		{"existence", ev.Links.Existence},
	} {
		for _, l := range group.links {
			if _, err := site.Key(l.Namespace, l.Title); err != nil {
				return fmt.Errorf("links.%s: %w", group.name, err)
			}
		}
	}
	return nil
}
