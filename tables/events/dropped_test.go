package events_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eddystream/eddy/tables/events"
)

// What stands among the links and is no link is left out; the rest of the event is read.
func TestWhatIsNoLinkIsDropped(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		links string // beside the good one
		typ   string
		fault events.Fault
	}{
		"template without namespace": {`"template":[{"title":"T"}]`, "template", events.FaultNamespace},
		"page without namespace":     {`"page":[{"title":"T"}]`, "page", events.FaultNamespace},
		"unknown scope":              {`"template":[{"namespace_id":10,"title":"T","scope":"own"}]`, "template", events.FaultScope},
		"a text for a link":          {`"image":["File:A.jpg"]`, "image", events.FaultShape},
		"a number for a link":        {`"lang":[7]`, "lang", events.FaultShape},
		"a link for an address":      {`"external":[{"url":"https://a.example/"}]`, "external", events.FaultShape},
		"a list for a link":          {`"category":[["C"]]`, "category", events.FaultShape},
		"null":                       {`"existence":[null]`, "existence", events.FaultNamespace},
		"namespace as a text":        {`"page":[{"namespace_id":"0","title":"T"}]`, "page", events.FaultShape},
		"namespace of 64 bits":       {`"page":[{"namespace_id":4294967296,"title":"T"}]`, "page", events.FaultShape},
		"half a page_id":             {`"page":[{"namespace_id":0,"title":"T","page_id":0.5}]`, "page", events.FaultShape},
		"a number for a title":       {`"template":[{"namespace_id":10,"title":2}]`, "template", events.FaultShape},
		"interwiki as a text":        {`"interwiki":["w:X"]`, "interwiki", events.FaultShape},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good := `"interwiki":[{"prefix":"m","title":"X"}]`
			if c.typ == "interwiki" {
				good = `"page":[{"namespace_id":0,"title":"X"}]`
			}
			text := strings.Replace(rendering, `"template":[{"namespace_id":10,"title":"T","scope":"page"}]`, c.links+","+good, 1)
			if text == rendering {
				t.Fatal("the event has other links")
			}
			_, r, err := events.Decode([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Dropped) != 1 || r.Dropped[0].Type != c.typ || r.Dropped[0].Fault != c.fault {
				t.Errorf("dropped %+v, want one %s link for its %s", r.Dropped, c.typ, c.fault)
			}
			want := events.Links{Interwiki: []events.InterwikiLink{{Prefix: "m", Title: "X"}}}
			if c.typ == "interwiki" {
				want = events.Links{Page: []events.TitleLink{{Title: "X"}}}
			}
			if diff := cmp.Diff(flat(want), flat(r.Links)); diff != "" {
				t.Error(diff)
			}
		})
	}
	_, r, err := events.Decode([]byte(strings.Replace(rendering, `"template":[`, "\"page\":[{\"namespace_id\":0,\"title\":\"A\xff\"}],\"template\":[", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Links.Template) != 1 || len(r.Links.Page) != 1 || r.Links.Page[0].Title != "A\uFFFD" {
		t.Errorf("of a title that is no UTF-8: %+v", r.Links)
	}
}

func flat(l events.Links) []any {
	var all []any
	for _, x := range l.Template {
		all = append(all, x)
	}
	for _, list := range [][]events.TitleLink{l.Page, l.Image, l.Category, l.Existence} {
		for _, x := range list {
			all = append(all, x)
		}
	}
	for _, list := range [][]string{l.External, l.Lang} {
		for _, x := range list {
			all = append(all, x)
		}
	}
	for _, x := range l.Interwiki {
		all = append(all, x)
	}
	return all
}

// A list that is none is more than a link, and what is no UTF-8 elsewhere is no link either.
func TestWhatIsMoreThanALinkIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ event, old, new string }{
		{rendering, `"template":[`, `"page":"A","template":[`},
		{rendering, `"template":[`, `"page":{"title":"A"},"template":[`},
		{rendering, `"links":{`, `"links":[],"left":{`},
		{rendering, `"wiki_id":"`, "\"wiki_id\":\"\xff"},
		{change, `"page_title":"A"`, "\"page_title\":\"A\xff\""},
		{change, `"page_title":"A"`, `"page_title":7`},
	} {
		text := strings.Replace(c.event, c.old, c.new, 1)
		if text == c.event {
			t.Fatalf("%q is not in the event", c.old)
		}
		if _, _, err := events.Decode([]byte(text)); err == nil {
			t.Errorf("%q for %q was taken", c.new, c.old)
		}
	}
}

func TestRedirectThatIsNoLinkIsDropped(t *testing.T) {
	t.Parallel()
	for link, fault := range map[string]events.Fault{
		`{"page_title":"B"}`:                      events.FaultNamespace,
		`{"page_title":"B","namespace_id":"0"}`:   events.FaultShape,
		`"B"`:                                     events.FaultShape,
		`{"page_title":["B"],"namespace_id":0}`:   events.FaultShape,
		`{"page_title":"B","namespace_id":1e100}`: events.FaultShape,
	} {
		text := strings.Replace(change, `"namespace_id":0`, `"namespace_id":0,"is_redirect":true,"redirect_page_link":`+link, 1)
		c, _, err := events.Decode([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", link, err)
			continue
		}
		if c.Page.Link != nil || len(c.Dropped) != 1 || c.Dropped[0].Type != "redirect" || c.Dropped[0].Fault != fault {
			t.Errorf("%s: link %v, dropped %+v", link, c.Page.Link, c.Dropped)
		}
	}
}
