package codecs_test

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/eddystream/eddy/codecs"
)

func files(texts map[string]string) fs.FS {
	m := fstest.MapFS{}
	for name, text := range texts {
		m[name+".avsc"] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

// The releases of a shop: v1 had no headers, v2 added a field to a type that another names, v3 added a type.
var (
	shopV1 = codecs.Release{Name: "v1", Headerless: true, Files: files(map[string]string{
		"order": `{"type":"record","name":"shop.Order","fields":[{"name":"item","type":"shop.Item"}]}`,
		"item":  `{"type":"record","name":"shop.Item","fields":[{"name":"name","type":"string"}]}`,
	})}
	shopV2 = codecs.Release{Name: "v2", Files: files(map[string]string{
		"item": `{"type":"record","name":"shop.Item","fields":[{"name":"name","type":"string"},{"name":"price","type":"long","default":5}]}`,
	})}
	shopV3 = codecs.Release{Name: "v3", Files: files(map[string]string{
		"bill": `{"type":"record","name":"shop.Bill","fields":[{"name":"total","type":"long"}]}`,
	})}
)

func orders(t *testing.T, releases ...codecs.Release) (*codecs.Releases, codecs.Codec[generic]) {
	t.Helper()
	r, err := codecs.NewReleases(releases...)
	if err != nil {
		t.Fatal(err)
	}
	f, err := r.Format("shop.Order")
	if err != nil {
		t.Fatal(err)
	}
	return r, codecs.Avro[generic](f)
}

func TestReleases(t *testing.T) {
	t.Parallel()
	_, v1 := orders(t, shopV1)
	v2s, v2 := orders(t, shopV1, shopV2)
	v3s, v3 := orders(t, shopV1, shopV2, shopV3)
	if got := v3s.Names(); !slices.Equal(got, []string{"v1", "v2", "v3"}) {
		t.Errorf("releases %q", got)
	}
	if got := v3s.Types(); !slices.Equal(got, []string{"shop.Bill", "shop.Item", "shop.Order"}) {
		t.Errorf("types %q", got)
	}
	plain, err := v1.Encode(generic{"item": generic{"name": "tea"}})
	if err != nil || string(plain) != "\x06tea" {
		t.Fatalf("v1 wrote %x, %v, not a plain value", plain, err)
	}
	for name, codec := range map[string]codecs.Codec[generic]{"v2": v2, "v3": v3} {
		got, err := codec.Decode(plain)
		if err != nil || got["item"].(generic)["price"] != int64(5) {
			t.Errorf("%s read v1's value as %v, %v", name, got, err)
		}
	}
	order := generic{"item": generic{"name": "tea", "price": int64(7)}}
	data, err := v2.Encode(order)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := v3.Encode(order); err != nil || string(again) != string(data) {
		t.Errorf("v3 wrote %x, %v; v2, which has the same schema, %x", again, err, data)
	}
	if text, err := v3s.JSON(data); err != nil || string(text) != `{"item":{"name":"tea","price":7}}` {
		t.Errorf("rendered %s, %v", text, err)
	}
	if _, err := v3s.JSON(plain); !errors.Is(err, codecs.ErrNoHeader) {
		t.Errorf("%v, want ErrNoHeader", err)
	}
	if _, err := v3s.JSON([]byte("\xc3\x0112345678")); !errors.Is(err, codecs.ErrUnknownSchema) {
		t.Errorf("%v, want ErrUnknownSchema", err)
	}
	if err := v2s.Write("v1"); err != nil {
		t.Fatal(err)
	}
	if data, err = v2.Encode(order); err != nil || string(data) != string(plain) {
		t.Errorf("v2 as v1 wrote %x, %v, want %x", data, err, plain)
	}
	if err := v2s.Write("v2"); err != nil {
		t.Fatal(err)
	}
	if data, err := v2.Encode(order); err != nil || !strings.HasPrefix(string(data), "\xc3\x01") {
		t.Errorf("v2 wrote %x, %v", data, err)
	}
}

func TestReleasesThatAreWrong(t *testing.T) {
	t.Parallel()
	item := func(text string) fs.FS { return files(map[string]string{"item": text}) }
	for _, c := range []struct {
		name     string
		releases []codecs.Release
		want     string
	}{
		{"none", nil, "no releases"},
		{"no files", []codecs.Release{{Name: "v1"}}, `"v1"`},
		{"a name twice", []codecs.Release{shopV1, {Name: "v1"}}, "twice"},
		{"headerless later", []codecs.Release{shopV1, {Name: "v2", Headerless: true}}, `"v2"`},
		{"a broken file", []codecs.Release{shopV1, {Name: "v2", Files: item(`{`)}}, `"item.avsc"`},
		{"a field without default", []codecs.Release{shopV1, {Name: "v2", Files: item(
			`{"type":"record","name":"shop.Item","fields":[{"name":"name","type":"string"},{"name":"price","type":"long"}]}`)}}, `field "item.price"`},
	} {
		if _, err := codecs.NewReleases(c.releases...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", c.name, err, c.want)
		}
	}
	r, codec := orders(t, shopV1, codecs.Release{Name: "v2", Files: item(`{"type":"record","name":"shop.Item","fields":[]}`)})
	err := r.Write("v1")
	if err == nil || !strings.Contains(err.Error(), `field "item.name"`) || !strings.Contains(err.Error(), `"v1"`) {
		t.Errorf("%v, want an error that names release and field", err)
	}
	if data, err := codec.Encode(generic{"item": generic{}}); err != nil || len(data) != 10 {
		t.Errorf("a release that cannot be written was: %x, %v", data, err)
	}
	if err := r.Write("v9"); err == nil || !strings.Contains(err.Error(), `"v9"`) {
		t.Errorf("%v, want an error that names the release", err)
	}
	if _, err := r.Format("shop.Nothing"); !errors.Is(err, codecs.ErrNoSchema) {
		t.Errorf("%v, want ErrNoSchema", err)
	}
}
