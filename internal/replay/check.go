package replay

import (
	"fmt"
	"math"
	"strings"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// check finds what would stop the pipeline, before anything is sent: an unknown wiki, a page without an id, a title
// that is none.
func check(sites *tables.Sites, ev *events.Event) error {
	if ev.Change != nil {
		return checkChange(sites, ev.Change)
	}
	return checkRender(sites, ev.Render)
}

func checkPage(id int64) error {
	if id < 1 || id > math.MaxUint32 {
		return fmt.Errorf("page_id %d is not within 1 to %d", id, uint32(math.MaxUint32))
	}
	return nil
}

func checkChange(sites *tables.Sites, ev *events.PageChange) error {
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
		if _, err := site.FromPageTitle(p.Namespace, p.Title); err != nil {
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

func checkRender(sites *tables.Sites, ev *events.Render) error {
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
