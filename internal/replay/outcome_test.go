package replay_test

import (
	"strings"
	"testing"

	"github.com/eddystream/eddy/internal/replay"
	"github.com/eddystream/eddy/tables"
)

func TestOutcome(t *testing.T) {
	t.Parallel()
	early := tables.RequestCascade{ID: "0000000000000002", Kind: tables.ChangeContent, Root: tables.RequestRoot{PageTitle: "Template:T", Namespace: 10}, DT: 1}
	late := tables.RequestCascade{ID: "0000000000000001", Kind: tables.ChangeDelete, Root: tables.RequestRoot{PageTitle: "A"}, DT: 2}
	var o replay.Outcome
	o.Request(tables.Request{WikiID: "w", PageID: 7, PageTitle: "A", Reason: tables.LinkSelf, Stale: 2, Cascade: late})
	o.Request(tables.Request{WikiID: "w", PageID: 9, PageTitle: "B<&>", Reason: tables.LinkTemplate, Depth: 2, Stale: 1, Cascade: early})
	o.Request(tables.Request{WikiID: "w", PageID: 8, PageTitle: "C", Reason: tables.LinkTemplate, Depth: 1, Stale: 1, Cascade: early})
	o.Cascade(tables.CascadeEvent{Cascade: late, WikiID: "w", Phase: tables.PhaseStarted})
	o.Cascade(tables.CascadeEvent{Cascade: early, WikiID: "w", Phase: tables.PhaseExpanded, Asked: 2, Outstanding: 1})
	o.Cascade(tables.CascadeEvent{Cascade: late, WikiID: "w", Phase: tables.PhaseComplete, Asked: 1})

	var b strings.Builder
	if err := o.WriteRequests(&b); err != nil {
		t.Fatal(err)
	}
	const want = `{"wiki_id":"w","page_id":8,"page_title":"C","namespace_id":0,"reason":"template","depth":1,"stale_since":"1970-01-01T00:00:01Z","cascade":{"id":"0000000000000002","kind":"content","root":{"page_title":"Template:T","namespace_id":10},"dt":"1970-01-01T00:00:01Z"}}
{"wiki_id":"w","page_id":9,"page_title":"B<&>","namespace_id":0,"reason":"template","depth":2,"stale_since":"1970-01-01T00:00:01Z","cascade":{"id":"0000000000000002","kind":"content","root":{"page_title":"Template:T","namespace_id":10},"dt":"1970-01-01T00:00:01Z"}}
{"wiki_id":"w","page_id":7,"page_title":"A","namespace_id":0,"reason":"self","depth":0,"stale_since":"1970-01-01T00:00:02Z","cascade":{"id":"0000000000000001","kind":"delete","root":{"page_title":"A","namespace_id":0},"dt":"1970-01-01T00:00:02Z"}}
`
	if got := b.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if !o.Told(early.ID) || o.Told("0000000000000003") {
		t.Error("the cascades told of are not those that it has events of")
	}
	if got := o.Totals(); got.Requests != 3 || got.Reasons["template"] != 2 || got.Phases["complete"] != 1 || got.MaxDepth != 2 {
		t.Errorf("totals %+v", got)
	}
}
