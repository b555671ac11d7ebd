package codecs_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/eddystream/eddy/codecs"
)

func TestSchemasNameEachOther(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"a.avsc": {Data: []byte(`{"type":"record","name":"A","namespace":"x","fields":[
			{"name":"one","type":"y.B"},
			{"name":"two","type":["null","y.B"],"default":null},
			{"name":"B","type":{"type":"map","values":"y.B"}}]}`)},
		"b.avsc": {Data: []byte(`{"type":"record","name":"B","namespace":"y","fields":[
			{"name":"c","type":{"type":"array","items":"C"}}]}`)},
		"c.avsc": {Data: []byte(`{"type":"enum","name":"y.C","symbols":["P","Q"]}`)},
		"other":  {Data: []byte(`not a schema`)},
	}
	all, err := codecs.LoadSchemas(files)
	if err != nil {
		t.Fatal(err)
	}
	s, err := all.Schema("x.A")
	if err != nil {
		t.Fatal(err)
	}
	type b struct {
		C []string `avro:"c"`
	}
	type a struct {
		One b            `avro:"one"`
		Two *b           `avro:"two"`
		B   map[string]b `avro:"B"` //nolint:tagliatelle // a field of the name of a type is the case
	}
	data, err := codecs.PlainAvro[a](s).Encode(a{One: b{[]string{"Q"}}, Two: &b{}, B: map[string]b{"k": {[]string{"P", "Q"}}}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.JSON(data)
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	_ = json.Unmarshal([]byte(`{"one":{"c":["Q"]},"two":{"c":[]},"B":{"k":{"c":["P","Q"]}}}`), &want)
	if g, w := mustJSON(t, got), mustJSON(t, want); g != w {
		t.Errorf("got %s, want %s", g, w)
	}
	if _, err := all.Schema("x.Nothing"); !errors.Is(err, codecs.ErrNoSchema) {
		t.Errorf("got %v, want ErrNoSchema", err)
	}
	if names := strings.Join(all.Names(), " "); names != "x.A y.B y.C" {
		t.Errorf("names: %s", names)
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSchemaFilesThatAreWrong(t *testing.T) {
	t.Parallel()
	const b = `{"type":"enum","name":"B","symbols":["P"]}`
	for _, c := range []struct{ name, a, want string }{
		{"no JSON", `{`, "a.avsc"},
		{"no name", `{"type":"string"}`, "no name"},
		{"a name twice", b, "b.avsc"},
		{"a type that nothing defines", `{"type":"record","name":"A","fields":[{"name":"f","type":"Nothing"}]}`, "a.avsc"},
		{"no fields", `{"type":"record","name":"A"}`, "a.avsc"},
	} {
		all, err := codecs.LoadSchemas(fstest.MapFS{"a.avsc": {Data: []byte(c.a)}, "b.avsc": {Data: []byte(b)}})
		if err == nil {
			_, err = all.Schema("A")
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", c.name, err, c.want)
		}
	}
}
