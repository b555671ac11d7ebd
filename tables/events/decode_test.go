package events_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/tables/schemas"
)

func TestDecodeNamesTheField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ event, old, new, field string }{
		{change, `"wiki_id":"testwiki",`, ``, "wiki_id"},
		{change, `"dt":"2026-01-02T03:04:05Z",`, ``, "dt"},
		{change, `03:04:05Z`, `27:00:00Z`, "dt"},
		{change, `"dt":"2026`, `"dt":"0000`, "dt"},
		{change, `"dt":"2026`, `"dt":"9999`, "dt"},
		{change, `"page_change_kind":"edit",`, ``, "page_change_kind"},
		{change, `"edit"`, `"rename"`, "page_change_kind"},
		{change, `"page_id":7,`, ``, "page.page_id"},
		{change, `"page_id":7,`, `"page_id":-7,`, "page.page_id"},
		{change, `"page_title":"A",`, ``, "page.page_title"},
		{change, `,"namespace_id":0`, ``, "page.namespace_id"},
		{change, `"rev_id":9`, ``, "revision.rev_id"},
		{change, `"rev_id":9`, `"rev_id":9,"rev_dt":"yesterday"`, "revision.rev_dt"},
		{change, `"revision"`, `"created_redirect_page":{"page_title":"B","namespace_id":0},"revision"`, "created_redirect_page.page_id"},
		{rendering, `"closure":"direct",`, ``, "closure"},
		{rendering, `"direct"`, `"open"`, "closure"},
		{rendering, `"links":{`, `"left":{`, "links"},
	} {
		text := strings.Replace(c.event, c.old, c.new, 1)
		if text == c.event {
			t.Fatalf("%q is not in the event", c.old)
		}
		_, _, err := events.Decode([]byte(text))
		if !errors.Is(err, events.ErrField) || !strings.Contains(err.Error(), " "+c.field+" ") {
			t.Errorf("%q for %q: %v, want ErrField that names %q", c.new, c.old, err, c.field)
		}
	}
}

// What JSON refuses, Avro refuses as well.
func TestImpossibleRenders(t *testing.T) {
	t.Parallel()
	_, good, err := events.Decode([]byte(rendering))
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*events.Render){
		"page.page_id is missing": func(r *events.Render) { r.Page.ID = 0 },
		"page.page_id is -1":      func(r *events.Render) { r.Page.ID = -1 },
		"dt is impossible: 9999":  func(r *events.Render) { r.Start = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) },
		"dt is impossible: 0001":  func(r *events.Render) { r.Start = time.Time{} },
	} {
		r := *good
		spoil(&r)
		data, err := schemas.Codec[events.Render]("Render").Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		_, encoding := events.RenderCodec().Encode(r)
		_, decoding := events.RenderCodec().Decode(data)
		for what, err := range map[string]error{"decode": decoding, "encode": encoding} {
			if !errors.Is(err, events.ErrField) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v, want ErrField, and %q", what, err, name)
			}
		}
	}
}

func TestDecodeRefusesOtherSchemas(t *testing.T) {
	t.Parallel()
	for _, schema := range []string{
		"/mediawiki/page/change/2.0.0", "/mediawiki/page/change/10.0.0", "/eddy/render/2.0.0", "/eddy/render/0.9.0",
		"/mediawiki/revision/create/1.0.0", "1.0.0", "",
	} {
		text := strings.Replace(change, "/mediawiki/page/change/1.2.0", schema, 1)
		if _, _, err := events.Decode([]byte(text)); !errors.Is(err, events.ErrSchema) {
			t.Errorf("%q: %v, want ErrSchema", schema, err)
		}
	}
	// The schema is wrong before its fields are.
	if _, _, err := events.Decode([]byte(`{"$schema":"/eddy/render/2.0.0","dt":[1]}`)); !errors.Is(err, events.ErrSchema) {
		t.Errorf("another type of a field: %v, want ErrSchema", err)
	}
	if _, err := events.PageChangeCodec().Decode([]byte(rendering)); !errors.Is(err, events.ErrSchema) {
		t.Errorf("a render as a page change: %v, want ErrSchema", err)
	}
	if _, err := events.RenderJSON().Decode([]byte(change)); !errors.Is(err, events.ErrSchema) {
		t.Errorf("a page change as a render: %v, want ErrSchema", err)
	}
}

func TestEventsWithoutAnID(t *testing.T) {
	t.Parallel()
	text := strings.Replace(change, `"id":"c1",`, "", 1)
	a, _, err := events.Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := events.Decode([]byte(text + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := events.Decode([]byte(strings.Replace(text, "edit", "move", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if a.Meta.ID == "" || a.Meta.ID != b.Meta.ID || a.Meta.ID == other.Meta.ID {
		t.Errorf("ids %q, %q; of another event %q", a.Meta.ID, b.Meta.ID, other.Meta.ID)
	}
	if a.Meta.Canary() || !(events.Meta{Domain: "canary"}).Canary() {
		t.Error("canary events are not told from others")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(change))
	f.Add([]byte(rendering))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, r, err := events.Decode(data)
		switch {
		case err != nil:
		case c != nil:
			text, err := events.PageChangeCodec().Encode(*c)
			if err != nil {
				t.Fatalf("%+v: %v", c, err)
			}
			if got, err := events.PageChangeCodec().Decode(text); err != nil || !cmp.Equal(got, *c) {
				t.Fatalf("%v\n%s", err, cmp.Diff(*c, got))
			}
		default:
			checkRender(t, r)
		}
	})
}

// checkRender checks that a render survives both of its codecs.
func checkRender(t *testing.T, r *events.Render) {
	t.Helper()
	text, err := events.RenderJSON().Encode(*r)
	if err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
	if got, err := events.RenderJSON().Decode(text); err != nil || !cmp.Equal(got, *r, cmpopts.EquateEmpty()) {
		t.Fatalf("%v\n%s", err, cmp.Diff(*r, got))
	}
	data, err := events.RenderCodec().Encode(*r)
	if err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
	got, err := events.RenderCodec().Decode(data)
	got.Start, r.Start = got.Start.Truncate(1e6), r.Start.Truncate(1e6)
	if err != nil || !cmp.Equal(got, *r, cmpopts.EquateEmpty()) {
		t.Fatalf("%v\n%s", err, cmp.Diff(*r, got))
	}
}
