package codecs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eddystream/eddy/codecs"
)

type visit struct {
	Who   string    `avro:"who"`
	At    time.Time `avro:"at"`
	Pages []page    `avro:"pages"`
	Kind  string    `avro:"kind"`
}

type page struct {
	ID   int64  `avro:"id"`
	Name string `avro:"name"`
}

const visitSchema = `{"type":"record","name":"ours.Visit","fields":[
	{"name":"who","type":"string"},
	{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
	{"name":"pages","type":{"type":"array","items":{"type":"record","name":"Page","fields":[
		{"name":"id","type":"long"},{"name":"name","type":"string","default":"?"}]}},"default":[]},
	{"name":"kind","type":{"type":"enum","name":"Kind","symbols":["short","long"]},"default":"long"}]}`

// Other names, another order, fewer and more fields: what the reader needs is found.
func TestForeign(t *testing.T) {
	t.Parallel()
	writer, err := codecs.ParseSchemas(
		`{"type":"record","name":"com.example.Seite","fields":[{"name":"extra","type":"boolean"},{"name":"id","type":"int"}]}`,
		`{"type":"record","name":"com.example.VisitEvent","fields":[
			{"name":"kind","type":{"type":"enum","name":"Art","symbols":["long","short"]}},
			{"name":"pages","type":{"type":"array","items":"com.example.Seite"}},
			{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
			{"name":"who","type":"string"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)
	data, err := codecs.PlainAvro[generic](writer).Encode(generic{
		"kind": "short", "at": at, "who": "me", "pages": []any{generic{"extra": true, "id": 7}},
	})
	if err != nil {
		t.Fatal(err)
	}
	decode, err := codecs.Foreign[visit](writer, codecs.MustSchema(visitSchema))
	if err != nil {
		t.Fatal(err)
	}
	got, err := decode(data)
	want := visit{Who: "me", At: at, Pages: []page{{7, "?"}}, Kind: "short"}
	if err != nil || !cmp.Equal(want, got) {
		t.Errorf("%v\n%s", err, cmp.Diff(want, got))
	}
	value, err := writer.Value(data)
	if m, ok := value.(map[string]any); err != nil || !ok || m["kind"] != "short" || !at.Equal(m["at"].(time.Time)) {
		t.Errorf("%v, %v", value, err)
	}
	for _, bad := range [][]byte{nil, data[:len(data)-1], append(data, 0)} {
		if v, err := decode(bad); err == nil {
			t.Errorf("%x is %v", bad, v)
		}
		if v, err := writer.Value(bad); err == nil {
			t.Errorf("%x is %v", bad, v)
		}
	}
}

// What cannot be resolved is said, by field, and what means something else is not taken for the same.
func TestForeignThatDoesNotFit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"type":"record","name":"V","fields":[{"name":"who","type":"string"}]}`:                                                                       `"Visit.at"`,
		`{"type":"record","name":"V","fields":[{"name":"who","type":"long"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}}]}`:   `"Visit.who"`,
		`{"type":"record","name":"V","fields":[{"name":"who","type":"string"},{"name":"at","type":{"type":"long","logicalType":"timestamp-micros"}}]}`: "logical type",
		`"string"`: "",
	} {
		writer, err := codecs.ParseSchemas(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := codecs.Foreign[visit](writer, codecs.MustSchema(visitSchema)); err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(want, `"Visit.`)) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, texts := range [][]string{nil, {`{`}, {`"nothing.Known"`}} {
		if _, err := codecs.ParseSchemas(texts...); err == nil {
			t.Errorf("%q is a schema", texts)
		}
	}
}

// What claims to have a thousand million elements that take no room is refused, and costs no memory.
func TestForeignClaims(t *testing.T) {
	t.Parallel()
	for _, items := range []string{`"null"`, `{"type":"record","name":"E","fields":[]}`, `{"type":"fixed","name":"F","size":0}`} {
		s, err := codecs.ParseSchemas(`{"type":"record","name":"V","fields":[{"name":"l","type":{"type":"array","items":` + items + `}}]}`)
		if err != nil {
			continue // refused already
		}
		if v, err := s.Value([]byte("\xfe\xff\xff\xff\xff\xff\xff\xff\x7f\x00")); err == nil {
			t.Errorf("%s: %T", items, v)
		}
	}
}
