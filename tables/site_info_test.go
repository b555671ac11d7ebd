package tables_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/eddystream/eddy/tables"
)

func TestLoadSiteInfoOfBothFormats(t *testing.T) {
	t.Parallel()
	const general = `"general":{"wikiid":"dewiki","lang":"de","case":"first-letter"}`
	one := `{"query":{` + general + `,
		"namespaces":{"0":{"id":0,"case":"first-letter","*":""},"10":{"id":10,"case":"case-sensitive","*":"Vorlage","canonical":"Template"}},
		"namespacealiases":[{"id":10,"*":"V"}]}}`
	two := `{"query":{` + general + `,
		"namespaces":{"0":{"id":0,"case":"first-letter","name":""},"10":{"id":10,"case":"case-sensitive","name":"Vorlage","canonical":"Template"}},
		"namespacealiases":[{"id":10,"alias":"V"}]}}`
	for _, text := range []string{one, two} {
		s, err := tables.LoadSiteInfo(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		want := "[{0   [] false} {10 Vorlage Template [V] true}]"
		if got := fmt.Sprint(s.Namespaces()); got != want || s.Wiki() != "dewiki" {
			t.Errorf("%s: %s, want %s", s.Wiki(), got, want)
		}
		for _, prefix := range []string{"vorlage", "TEMPLATE", "v"} {
			if id, ok := s.Resolve(prefix); !ok || id != 10 {
				t.Errorf("%q is %d, %t", prefix, id, ok)
			}
		}
	}
}

func TestLoadSiteInfoNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:             "EOF",
		`{"query":{}}`: "wikiid",
		`{"query":{"general":{"wikiid":"dewiki"}}}`:                                                               "namespaces",
		`{"query":{"general":{"wikiid":"De Wiki"},"namespaces":{"0":{"id":0,"name":""}}}}`:                        "De Wiki",
		`{"query":{"general":{"wikiid":"dewiki"},"namespaces":{"7":{"name":""}}}}`:                                `"7"`,
		`{"query":{"general":{"wikiid":"dewiki"},"namespaces":{"7":{"id":7,"name":"a","case":"none"}}}}`:          "none",
		`{"query":{"general":{"wikiid":"dewiki"},"namespaces":{"0":{"id":0,"name":""},"7":{"id":0,"name":""}}}}`:  "twice",
		`{"query":{"general":{"wikiid":"dewiki"},"namespaces":{"0":{"id":0,"name":""}},"namespacealiases":[{}]}}`: "namespacealiases[0]",
	} {
		if s, err := tables.LoadSiteInfo(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want an error with %q", text, s, err, want)
		}
	}
}

func TestSites(t *testing.T) {
	t.Parallel()
	open, err := tables.NewSites(nil)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := open.Site("anywiki"); err != nil || s.Wiki() != "anywiki" {
		t.Errorf("got %v, %v", s, err)
	}
	if _, err := open.Site("Any Wiki"); !errors.Is(err, tables.ErrUnknownWiki) {
		t.Errorf("got %v, want ErrUnknownWiki", err)
	}
	info := site(t, "tr", false)
	closed, err := tables.NewSites([]string{"enwiki"}, info)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := closed.Site("testwiki"); err != nil || s != info {
		t.Errorf("got %v, %v", s, err)
	}
	if _, err := closed.Site("enwiki"); err != nil {
		t.Error(err)
	}
	if _, err := closed.Site("dewiki"); !errors.Is(err, tables.ErrUnknownWiki) || !strings.Contains(err.Error(), "dewiki") {
		t.Errorf("got %v, want ErrUnknownWiki that names it", err)
	}
	if _, err := tables.NewSites(nil, info, info); err == nil {
		t.Error("two site infos of one wiki were taken")
	}
	if _, err := tables.NewSites([]string{"a:b"}); err == nil {
		t.Error("a malformed name was taken")
	}
}

func TestSitesAreOneForAll(t *testing.T) {
	t.Parallel()
	sites, err := tables.NewSites(nil)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	got := make([]*tables.SiteInfo, 8)
	for i := range got {
		wg.Go(func() { got[i], _ = sites.Site("enwiki") })
	}
	wg.Wait()
	for _, s := range got {
		if s == nil || s != got[0] {
			t.Fatalf("got %v", got)
		}
	}
}
