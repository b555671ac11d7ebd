package events_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/linkedin/goavro/v2"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/tables/schemas"
)

// shelf is a registry in memory; an id that it does not have is away if it is odd, and unknown otherwise.
type shelf struct {
	has   map[int]events.Registered
	asked int
}

func (s *shelf) Schema(_ context.Context, id int) (events.Registered, error) {
	s.asked++
	if r, ok := s.has[id]; ok {
		return r, nil
	}
	if id%2 == 1 {
		return events.Registered{}, fmt.Errorf("%w: closed", events.ErrAway)
	}
	return events.Registered{}, events.ErrNoSchema
}

func wired(id uint32, data []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, id), data...)
}

func avroOf(t *testing.T, schema string, native any) []byte {
	t.Helper()
	codec, err := goavro.NewCodec(schema)
	if err != nil {
		t.Fatal(err)
	}
	data, err := codec.BinaryFromNative(nil, native)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var incomingRender = events.Render{
	Meta: events.Meta{ID: "r1"}, Wiki: "enwiki", Start: time.Date(2026, 1, 1, 0, 0, 10, 0, time.UTC),
	Page: events.RenderPage{ID: 5, Title: "Paris"}, Revision: events.RenderRevision{ID: 7}, OutputSHA1: "a", ContentSHA1: "c",
	Links: events.Links{Template: []events.TemplateLink{{Namespace: 10, Title: "T", PageID: 1, RevID: 2}}, Page: []events.TitleLink{{Title: "Seine"}}, External: []string{"https://example.org/"}},
}

const incomingJSON = `{"$schema":"/eddy/render/1.0.0","meta":{"id":"r1"},"wiki_id":"enwiki","dt":"2026-01-01T00:00:10Z","page":{"page_id":5,"page_title":"Paris",
"namespace_id":0},"revision":{"rev_id":7},"closure":"complete","output_sha1":"a","content_sha1":"c","links":{"template":[{"namespace_id":10,"title":"T","page_id":1,"rev_id":2}],
"page":[{"namespace_id":0,"title":"Seine"}],"external":["https://example.org/"]}}`

// looseSchema has what a renderer might have made of the same event: names of its own, nulls where nothing is said, texts where Eddy has enums,
// a time as microseconds.
const looseSchema = `{"type":"record","name":"org.example.PageRendered","fields":[
	{"name":"wiki_id","type":"string"},{"name":"renderer","type":["null","string"],"default":null},
	{"name":"dt","type":{"type":"long","logicalType":"timestamp-micros"}},
	{"name":"page","type":{"type":"record","name":"Seite","fields":[{"name":"page_id","type":"int"},{"name":"page_title","type":"string"},{"name":"namespace_id","type":"int"}]}},
	{"name":"revision","type":{"type":"record","name":"Rev","fields":[{"name":"rev_id","type":"long"}]}},
	{"name":"closure","type":"string"},{"name":"output_sha1","type":["null","string"]},{"name":"content_sha1","type":["null","string"]},
	{"name":"meta","type":{"type":"record","name":"M","fields":[{"name":"id","type":"string"}]}},
	{"name":"links","type":{"type":"record","name":"Ls","fields":[
		{"name":"template","type":{"type":"array","items":{"type":"record","name":"L","fields":[{"name":"namespace_id","type":"int"},{"name":"title","type":"string"},
			{"name":"page_id","type":["null","long"]},{"name":"rev_id","type":["null","long"]}]}}},
		{"name":"page","type":{"type":"array","items":"L"}},{"name":"external","type":{"type":"array","items":"string"}}]}}]}`

func looseNative() map[string]any {
	link := func(ns int, title string, page, rev any) map[string]any {
		return map[string]any{"namespace_id": ns, "title": title, "page_id": page, "rev_id": rev}
	}
	return map[string]any{
		"wiki_id": "enwiki", "renderer": goavro.Union("string", "R2"), "dt": incomingRender.Start, "closure": "complete",
		"page":     map[string]any{"page_id": 5, "page_title": "Paris", "namespace_id": 0},
		"revision": map[string]any{"rev_id": 7}, "output_sha1": goavro.Union("string", "a"), "content_sha1": goavro.Union("string", "c"), "meta": map[string]any{"id": "r1"},
		"links": map[string]any{
			"template": []any{link(10, "T", goavro.Union("long", 1), goavro.Union("long", 2))}, "page": []any{link(0, "Seine", nil, nil)}, "external": []any{"https://example.org/"},
		},
	}
}

// One event in every encoding that is read is the same event.
func TestIncomingRenders(t *testing.T) {
	t.Parallel()
	own, err := events.RenderCodec().Encode(incomingRender)
	if err != nil {
		t.Fatal(err)
	}
	schema := schemas.Releases.MustFormat("eddy.Render").Schema().String()
	renamed := strings.NewReplacer(`"Render"`, `"Gerendert"`, `"RenderPage"`, `"P"`, `"eddy"`, `"com.example"`, `"Closure"`, `"Was"`).Replace(schema)
	in := events.IncomingRenders(&shelf{has: map[int]events.Registered{
		1: {Type: "AVRO", Texts: []string{schema}}, 2: {Type: "AVRO", Texts: []string{renamed}}, 3: {Type: "JSON", Texts: []string{"{}"}}, 4: {Type: "AVRO", Texts: []string{looseSchema}},
	}})
	for name, value := range map[string][]byte{
		"JSON":                         []byte(incomingJSON),
		"JSON behind white space":      []byte(" \n\t" + incomingJSON + "\n"),
		"Avro, single object":          own,
		"registered, Eddy's schema":    wired(1, own[10:]),
		"registered, by another name":  wired(2, own[10:]),
		"registered JSON":              wired(3, []byte(incomingJSON)),
		"registered, another's schema": wired(4, avroOf(t, looseSchema, looseNative())),
	} {
		got, ok, err := in.Read(t.Context(), value)
		if diff := cmp.Diff(incomingRender, got, cmpopts.EquateEmpty()); err != nil || !ok || diff != "" {
			t.Errorf("%s: %t, %v\n%s", name, ok, err, diff)
		}
	}
}

// A page change has no Avro schema of Eddy's: what has its fields is one.
func TestIncomingChanges(t *testing.T) {
	t.Parallel()
	const schema = `{"type":"record","name":"Change","fields":[{"name":"wiki_id","type":"string"},{"name":"dt","type":{"type":"long","logicalType":"timestamp-millis"}},
		{"name":"page_change_kind","type":"string"},{"name":"comment","type":"string"},
		{"name":"page","type":{"type":"record","name":"P","fields":[{"name":"page_id","type":"long"},{"name":"page_title","type":"string"},{"name":"namespace_id","type":"long"}]}},
		{"name":"revision","type":{"type":"record","name":"R","fields":[{"name":"rev_id","type":"long"},{"name":"rev_dt","type":["null",{"type":"long","logicalType":"timestamp-millis"}]}]}}]}`
	in := events.IncomingChanges(&shelf{has: map[int]events.Registered{1: {Type: "AVRO", Texts: []string{schema}}}})
	at := time.Date(2026, 1, 1, 0, 0, 10, 0, time.UTC)
	value := wired(1, avroOf(t, schema, map[string]any{
		"wiki_id": "enwiki", "dt": at, "page_change_kind": "edit", "comment": "so",
		"page":     map[string]any{"page_id": 5, "page_title": "Paris", "namespace_id": 0},
		"revision": map[string]any{"rev_id": 7, "rev_dt": nil},
	}))
	got, ok, err := in.Read(t.Context(), value)
	want := events.PageChange{Meta: events.Meta{ID: got.Meta.ID}, Wiki: "enwiki", Time: at, Kind: events.Edit, Page: events.Page{ID: 5, Title: "Paris", Unsaid: true}, Revision: events.Revision{ID: 7}}
	if diff := cmp.Diff(want, got); err != nil || !ok || diff != "" || got.Meta.ID == "" {
		t.Errorf("%t, %v\n%s", ok, err, diff)
	}
	again, _, err := in.Read(t.Context(), bytes.Clone(value))
	if err != nil || again.Meta.ID != got.Meta.ID {
		t.Errorf("a repeat has the id %q, not %q: %v", again.Meta.ID, got.Meta.ID, err)
	}
}

// What is no event says so, shortly.
func TestIncomingRefuses(t *testing.T) {
	t.Parallel()
	registry := &shelf{has: map[int]events.Registered{
		10: {Type: "PROTOBUF"}, 12: {Type: "AVRO", Texts: []string{"{"}}, 14: {Type: "AVRO", Texts: []string{`"string"`}},
		16: {Type: "AVRO", Texts: []string{schemas.Releases.MustFormat("eddy.Render").Schema().String()}}, 18: {Type: "JSON"},
	}}
	own, err := events.RenderCodec().Encode(incomingRender)
	if err != nil {
		t.Fatal(err)
	}
	huge := strings.Repeat("x", 1<<20)
	for name, test := range map[string]struct {
		value string
		want  error
		says  string
	}{
		"nothing":           {"", events.ErrEncoding, "empty"},
		"a list":            {"[" + incomingJSON + "]", events.ErrEncoding, "list"},
		"a text":            {`"{}"`, events.ErrEncoding, "twice"},
		"a mark":            {"\xef\xbb\xbf" + incomingJSON, events.ErrEncoding, "byte order mark"},
		"UTF-16":            {"\xff\xfe{\x00", events.ErrEncoding, "UTF-16"},
		"gzip":              {"\x1f\x8b\x08", events.ErrEncoding, "compression.type"},
		"an Avro file":      {"Obj\x01...", events.ErrEncoding, "file"},
		"plain Avro":        {string(own[10:]), events.ErrEncoding, "tells no schema"},
		"a half":            {string(own[:len(own)/2]), nil, "eddy.Render"},
		"another's object":  {"\xc3\x01" + string(make([]byte, 20)), codecs.ErrUnknownSchema, "0000"},
		"a cut header":      {"\xc3\x01\x01", events.ErrEncoding, "cut short"},
		"another event":     {`{"$schema":"/mediawiki/page/change/1.2.0"}`, events.ErrSchema, "no render"},
		"another version":   {`{"$schema":"/eddy/render/2.0.0"}`, events.ErrSchema, "2.0.0"},
		"a huge schema":     {`{"$schema":"` + huge + `"}`, events.ErrSchema, ""},
		"a huge key":        {`{"` + huge + `":`, nil, ""},
		"no id":             {"\x00\x00", events.ErrEncoding, "no id"},
		"id 0":              {string(wired(0, own)), events.ErrEncoding, "0 is no id"},
		"a negative id":     {string(wired(1<<31, own)), events.ErrEncoding, "no id"},
		"no such schema":    {string(wired(8, own)), events.ErrNoSchema, "schema id 8"},
		"protocol buffers":  {string(wired(10, own)), events.ErrEncoding, "PROTOBUF"},
		"no schema at all":  {string(wired(12, own)), nil, "parse"},
		"no record":         {string(wired(14, []byte("\x02a"))), events.ErrEncoding, "no record"},
		"a half of another": {string(wired(16, own[10:40])), nil, "eddy.Render"},
		"page 0":            {string(wired(16, bytes.Replace(own[10:], []byte("\x0a\x0aParis"), []byte("\x00\x0aParis"), 1))), events.ErrField, "page_id"},
		"JSON that is none": {string(wired(18, own)), nil, ""},
	} {
		in := events.IncomingRenders(registry)
		_, ok, err := in.Read(t.Context(), []byte(test.value))
		if err == nil || ok || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) || errors.Is(err, events.ErrAway) {
			t.Errorf("%s: %t, %v", name, ok, err)
		}
		if err != nil && len(err.Error()) > 400 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
	if _, _, err := events.IncomingRenders(nil).Read(t.Context(), wired(1, own)); err == nil || !strings.Contains(err.Error(), "schema-registry.url") {
		t.Errorf("without a registry: %v", err)
	}
	if _, _, err := events.IncomingChanges(registry).Read(t.Context(), own); !errors.Is(err, events.ErrEncoding) {
		t.Errorf("a render as a page change: %v", err)
	}
}

// A registry is asked once for what it has, once in a while for what it has not, and each time while it is away.
func TestIncomingAsksOnce(t *testing.T) {
	t.Parallel()
	registry := &shelf{has: map[int]events.Registered{2: {Type: "JSON"}}}
	in := events.IncomingRenders(registry)
	for _, test := range []struct {
		id    uint32
		want  error
		asked int
	}{{2, nil, 1}, {4, events.ErrNoSchema, 1}, {5, events.ErrAway, 3}} {
		registry.asked = 0
		for range 3 {
			if _, _, err := in.Read(t.Context(), wired(test.id, []byte(incomingJSON))); !errors.Is(err, test.want) {
				t.Error(err)
			}
		}
		if registry.asked != test.asked {
			t.Errorf("id %d was asked for %d times", test.id, registry.asked)
		}
	}
}

// Canaries are none of anybody's, whatever else is in them.
func TestIncomingCanaries(t *testing.T) {
	t.Parallel()
	in := events.IncomingChanges(nil)
	for _, value := range []string{
		`{"$schema":"/mediawiki/page/change/1.2.0","meta":{"domain":"canary"},"wiki_id":"x"}`,
		`{"$schema":"/mediawiki/page/change/1.2.0","meta":{"domain":"canary"},"wiki_id":"x","dt":"2026-01-01T00:00:00Z","page_change_kind":"edit",` +
			`"page":{"page_id":1,"page_title":"[","namespace_id":0},"revision":{"rev_id":9}}`,
	} {
		if _, ok, err := in.Read(t.Context(), []byte(value)); ok || err != nil {
			t.Errorf("%s: %t, %v", value, ok, err)
		}
	}
}

// Whatever is sent, it is an event or an error.
func FuzzIncoming(f *testing.F) {
	own, err := events.RenderCodec().Encode(incomingRender)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{[]byte(incomingJSON), own, wired(2, own[10:]), wired(4, []byte(incomingJSON)), wired(6, nil), nil} {
		f.Add(seed)
	}
	registry := &shelf{has: map[int]events.Registered{
		2: {Type: "AVRO", Texts: []string{schemas.Releases.MustFormat("eddy.Render").Schema().String()}}, 4: {Type: "JSON"}, 6: {Type: "AVRO", Texts: []string{looseSchema}},
	}}
	renders, changes := events.IncomingRenders(registry), events.IncomingChanges(registry)
	f.Fuzz(func(t *testing.T, value []byte) {
		r, ok, err := renders.Read(t.Context(), value)
		if ok {
			if _, err := events.RenderCodec().Encode(r); err != nil {
				t.Errorf("%q is an event that cannot be sent on: %v", value, err)
			}
		}
		if err == nil && !ok && !r.Meta.Canary() && !bytes.Contains(value, []byte("canary")) {
			t.Errorf("%q is nothing", value)
		}
		_, _, _ = changes.Read(t.Context(), value)
	})
}
