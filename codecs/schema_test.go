package codecs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/eddystream/eddy/codecs"
)

// TestEmbeddedSchemas parses every file, so that none is found broken only when it is first used.
func TestEmbeddedSchemas(t *testing.T) {
	t.Parallel()
	names, err := codecs.SchemaNames()
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatal("no schemas")
	}
	for _, name := range names {
		s, err := codecs.NewSchema(name)
		if err != nil {
			t.Error(err)
		} else if s.Name() != name {
			t.Errorf("schema %q calls itself %q", name, s.Name())
		}
	}
	if _, err := codecs.NewSchema("eddy.Nothing"); !errors.Is(err, codecs.ErrNoSchema) {
		t.Errorf("got %v, want ErrNoSchema", err)
	}
}

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
	data, err := codecs.Avro[a](s).Encode(a{One: b{[]string{"Q"}}, Two: &b{}, B: map[string]b{"k": {[]string{"P", "Q"}}}})
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

func TestContainer(t *testing.T) {
	t.Parallel()
	c := codecs.Avro[rendering](renders)
	var records [][]byte
	for i := range int64(2500) { // more than two blocks
		v := sample()
		v.Page.ID = i
		data, err := c.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, data)
	}
	var file bytes.Buffer
	w, err := codecs.NewContainerWriter(&file, renders)
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range records {
		if err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Write([]byte("junk")); err == nil {
		t.Error("junk was written")
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	whole := bytes.Clone(file.Bytes())
	in, err := codecs.OpenContainer(&file)
	if err != nil {
		t.Fatal(err)
	}
	if in.Schema().Name() != "eddy.Render" {
		t.Errorf("schema %q", in.Schema().Name())
	}
	n := 0
	for data, err := range in.Records() {
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, records[n]) {
			t.Fatalf("record %d differs", n)
		}
		n++
	}
	if n != len(records) {
		t.Errorf("%d records, want %d", n, len(records))
	}
	cut, err := codecs.OpenContainer(bytes.NewReader(whole[:len(whole)-100]))
	if err != nil {
		t.Fatal(err)
	}
	for _, err = range cut.Records() {
	}
	if err == nil {
		t.Error("a cut file was read without an error")
	}
	if _, err := codecs.OpenContainer(strings.NewReader("no container")); err == nil {
		t.Error("a text was opened")
	}
}
