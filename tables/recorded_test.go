package tables_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// TestRecordedTitles holds the normalisation against real wikis: their titles are normalised by MediaWiki already,
// so each stays as it is; and a page's title means the same by its text alone as by the id of its namespace.
func TestRecordedTitles(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*tables.SiteInfo{"ltg": latgalian(t), "whonix": english(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := os.Getenv("EDDY_DATA")
			if dir == "" {
				dir = "../../shared/data"
			}
			r, err := events.Open(filepath.Join(dir, name, "events.ndjson.zst"))
			if errors.Is(err, os.ErrNotExist) {
				t.Skipf("no data: set EDDY_DATA to the folder with the recorded wikis: %v", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			links := 0
			key := func(e events.Event, namespace int32, text string) {
				links++
				if got, err := s.Key(namespace, text); err != nil || got.DBKey != text {
					t.Errorf("line %d: %d %q is %q, %v", e.Line, namespace, text, got, err)
				}
			}
			for e, err := range r.Events() {
				if err != nil {
					t.Fatal(err)
				}
				if l := e.Render; l != nil {
					for _, link := range l.Links.Template {
						key(e, link.Namespace, link.Title)
					}
					for _, list := range [][]events.TitleLink{l.Links.Page, l.Links.Image, l.Links.Category, l.Links.Existence} {
						for _, link := range list {
							key(e, link.Namespace, link.Title)
						}
					}
					continue
				}
				page := e.Change.Page
				title, err := s.FromPageTitle(page.Namespace, page.Title)
				if err != nil {
					t.Errorf("line %d: %v", e.Line, err)
					continue
				}
				if _, known := s.Namespace(page.Namespace); known {
					if got, err := s.Parse(page.Title); err != nil || got != title || s.Prefixed(title) != page.Title {
						t.Errorf("line %d: %q is %q, %v; by its id %q, prefixed %q", e.Line, page.Title, got, err, title, s.Prefixed(title))
					}
				}
				if to := page.Link; to != nil && to.Interwiki == "" {
					got, err := s.FromRedirect(to.Namespace, to.Title, "")
					want := to.Title
					if _, known := s.Namespace(to.Namespace); known {
						want = s.Prefixed(got)
					}
					if err != nil || want != to.Title {
						t.Errorf("line %d: redirect to %q is %q, %v", e.Line, to.Title, got, err)
					}
				}
			}
			if links == 0 {
				t.Error("no links")
			}
		})
	}
}
