package tables_test

import (
	"strings"
	"testing"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

func TestNamesOfWikis(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"enwiki": true, "MyWiki": true, "my-wiki": true, "_wiki": true, "-wiki": true, "my_wiki-mw_": true, "wiki+beta": true,
		"en.wikipedia.org": true, "вики": true, "维基": true, strings.Repeat("w", 200): true,
		"": false, "my wiki": false, "my:wiki": false, "my@wiki": false, "my/wiki": false, `my\wiki`: false, "my\x00wiki": false,
		"my\nwiki": false, "my\u00a0wiki": false, "my\u200bwiki": false, "my\xffwiki": false, "\ufffd": false, strings.Repeat("w", 201): false,
	} {
		if tables.ValidWiki(name) != want {
			t.Errorf("%q: want %t", name, want)
		}
		if !want {
			continue
		}
		target := tables.TitleTarget(tables.Title{Wiki: name, Namespace: 10, DBKey: "A@b:c"}).ChunkOf(name, 14, 3)
		if got, err := tables.ParseTarget(target.String()); err != nil || got != target {
			t.Errorf("%q: %v, %v", target, got, err)
		}
	}
}

func TestWikiMap(t *testing.T) {
	t.Parallel()
	m, err := tables.NewWikiMap(map[string]string{"old": "New", "older": "New", "w.example": "ByDomain", "swap": "swapped", "swapped": "swap"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ wiki, domain, want string }{
		{"old", "", "New"},
		{"older", "w.example", "New"},
		{"any", "w.example", "ByDomain"},
		{"any", "", "any"},
		{"", "w.example", "ByDomain"},
		{"swap", "", "swapped"},
		{"swapped", "", "swap"},
	} {
		change := events.Event{Change: &events.PageChange{Wiki: c.wiki, Meta: events.Meta{Domain: c.domain}}}
		render := events.Event{Render: &events.Render{Wiki: c.wiki, Meta: events.Meta{Domain: c.domain}}}
		m.Rename(&change)
		m.Rename(&render)
		if change.Change.Wiki != c.want || render.Render.Wiki != c.want {
			t.Errorf("%q of %q: %q and %q, want %q", c.wiki, c.domain, change.Change.Wiki, render.Render.Wiki, c.want)
		}
	}
	if _, err := tables.NewWikiMap(map[string]string{"a": "b:c", "d": "", "": "x"}); err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("names that are none: %v", err)
	}
}

// Of a wiki of which nothing is told titles are kept, and it is told once; the rule can be given.
func TestCaseOfWikisWithoutSiteInfo(t *testing.T) {
	t.Parallel()
	sites := tables.AnyWiki()
	var told []string
	sites.Assumed = func(wiki string) { told = append(told, wiki) }
	sites.SetCase("first", tables.FirstLetter)
	for wiki, want := range map[string]string{"any": "m", "first": "M"} {
		for range 2 {
			site, err := sites.Site(wiki)
			if err != nil {
				t.Fatal(err)
			}
			for _, namespace := range []int32{0, 10, 3000} {
				if got, err := site.Key(namespace, "m"); err != nil || got.DBKey != want {
					t.Errorf("%s: %v, %v, want %s", wiki, got, err, want)
				}
			}
		}
	}
	if len(told) != 2 || told[0] == told[1] {
		t.Errorf("told of %q, each once is wanted", told)
	}
}
