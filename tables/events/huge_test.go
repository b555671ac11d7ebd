package events_test

import (
	"strings"
	"testing"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// Whatever is huge in an event, its error is short.
func TestErrorsOfHugeEventsAreShort(t *testing.T) {
	t.Parallel()
	const most = 500
	huge := strings.Repeat("huge", 250_000)
	for _, c := range []struct{ event, old, new string }{
		{change, "/mediawiki/page/change/1.2.0", huge},
		{change, "/mediawiki/page/change/1.2.0", "/mediawiki/page/change/" + huge},
		{change, "/mediawiki/page/change/1.2.0", huge + "/1.2.0"},
		{change, "2026-01-02T03:04:05Z", huge},
		{change, `"edit"`, `"` + huge + `"`},
		{change, `"page_id":7`, `"page_id":"` + huge + `"`},
		{change, `"page_id":7`, `"page_id":1` + strings.Repeat("0", 1_000_000)},
		{change, `"page_id":7`, `"` + huge + `":1,"` + huge + `":2,"page_id":7`},
		{change, `"page_id":7`, `"` + huge + `\x":1,"page_id":7`},
		{change, `"namespace_id":0`, `"namespace_id":{"` + huge + `":1}`},
		{rendering, `"direct"`, `"` + huge + `"`},
		{rendering, `"links":{`, `"links":"` + huge + `","left":{`},
	} {
		text := strings.Replace(c.event, c.old, c.new, 1)
		if text == c.event {
			t.Fatalf("%q is not in the event", c.old)
		}
		if _, _, err := events.Decode([]byte(text)); err == nil || len(err.Error()) > most {
			t.Errorf("%.60q: %.200v", c.new, err)
		}
		if _, err := events.PageChangeCodec().Decode([]byte(text)); err == nil || len(err.Error()) > most {
			t.Errorf("%.60q as a page change: %.200v", c.new, err)
		}
	}
	for what, err := range map[string]error{
		"page key":   errorOf(tables.PageKeys().Decode([]byte(huge))),
		"long wiki":  errorOf(tables.PageKeys().Decode([]byte(huge + ":1"))),
		"title key":  errorOf(tables.TitleKeys().Decode([]byte(huge))),
		"target key": errorOf(tables.TargetKeys().Decode([]byte(huge))),
		"cascade id": errorOf(tables.CascadeIDs().Decode([]byte(huge))),
		"wiki":       errorOf(tables.AnyWiki().Site(huge)),
		"link type":  errorOf(tables.ParseLinkType(huge)),
	} {
		if err == nil || len(err.Error()) > most {
			t.Errorf("%s: %.200v", what, err)
		}
	}
	site, err := tables.AnyWiki().Site("w")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{huge, "#" + huge, huge + "\xff", "Talk:File:" + huge} {
		if _, err := site.FromPageTitle(0, text); err == nil || len(err.Error()) > most {
			t.Errorf("title %.20q…: %.200v", text, err)
		}
	}
}

func errorOf[T any](_ T, err error) error { return err }
