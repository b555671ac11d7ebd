package events_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/eddystream/eddy/tables/events"
)

// Who writes events is told what is wrong in words of events.
func TestErrorsAreInWords(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ old, instead, says string }{
		{`"page_id":7`, `"page_id":"7"`, "page.page_id is a text, not a whole number below 2^63"},
		{`"page_id":7`, `"page_id":1.5`, "page.page_id is 1.5, not a whole number"},
		{`"page_id":7`, `"page_id":1e400`, "page.page_id is 1e400, not a whole number"},
		{`"page_id":7`, `"page_id":9223372036854775808`, "page.page_id is 9223372036854775808, not a whole number below 2^63"},
		{`"page_id":7`, `"page_id":{}`, "page.page_id is an object, not a whole number"},
		{`"namespace_id":0`, `"namespace_id":2147483648`, "page.namespace_id is 2147483648, not a whole number below 2^31"},
		{`"2026-01-02T03:04:05Z"`, `1767323045`, "dt is a number, not a text"},
		{`"testwiki"`, `["testwiki"]`, "wiki_id is a list, not a text"},
		{`"meta":{"id":"c1","domain":"a.example"}`, `"meta":[]`, "meta is a list, not an object"},
		{`"page_title":"A"`, `"page_title":true`, "page.page_title is true or false, not a text"},
	} {
		if !strings.Contains(change, test.old) {
			t.Fatalf("there is no %s", test.old)
		}
		_, _, err := events.Decode([]byte(strings.Replace(change, test.old, test.instead, 1)))
		if !errors.Is(err, events.ErrField) || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "Go ") {
			t.Errorf("%s: %v, want %q", test.instead, err, test.says)
		}
	}
	for text, says := range map[string]string{"[" + change + "]": "JSON list", `"{}"`: "encoded twice", "\xef\xbb\xbf" + change: "byte order mark", "\xff\xfe{\x00": "UTF-16"} {
		if _, _, err := events.Decode([]byte(text)); !errors.Is(err, events.ErrEncoding) || !strings.Contains(err.Error(), says) {
			t.Errorf("%.20q: %v, want %q", text, err, says)
		}
	}
}
