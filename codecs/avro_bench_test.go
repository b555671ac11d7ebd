package codecs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/linkedin/goavro/v2"

	"github.com/eddystream/eddy/codecs"
)

// BenchmarkAvro compares the library of typed values with goavro over a rendering with 50 links. goavro knows maps
// only: "maps" is what it does itself, "struct" is with the conversion that typed values would need besides.
func BenchmarkAvro(b *testing.B) {
	v := sample()
	typed := codecs.PlainAvro[rendering](renders)
	data, err := typed.Encode(v)
	if err != nil {
		b.Fatal(err)
	}
	generic, err := goavro.NewCodec(renders.String())
	if err != nil {
		b.Fatal(err)
	}
	native := toMaps(&v)
	if got, err := generic.BinaryFromNative(nil, native); err != nil || string(got) != string(data) {
		b.Fatalf("the maps are another record: %v", err)
	}
	run := func(name string, fn func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := fn(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("encode/typed", func() error { _, err := typed.Encode(v); return err })
	run("encode/goavro-maps", func() error { _, err := generic.BinaryFromNative(nil, native); return err })
	run("encode/goavro-struct", func() error { _, err := generic.BinaryFromNative(nil, toMaps(&v)); return err })
	run("decode/typed", func() error { _, err := typed.Decode(data); return err })
	run("decode/goavro-maps", func() error { _, _, err := generic.NativeFromBinary(data); return err })
	run("decode/goavro-struct", func() error {
		n, _, err := generic.NativeFromBinary(data)
		if err == nil {
			fromMaps(n)
		}
		return err
	})
}

type maps = map[string]any

func toMaps(v *rendering) any {
	closures, scopes := []string{"complete", "direct"}, []string{"included", "page"}
	template := make([]any, 0, len(v.Links.Template))
	for _, l := range v.Links.Template {
		template = append(template, maps{
			"namespace_id": l.Namespace, "title": l.Title, "page_id": l.PageID, "rev_id": l.RevID, "scope": scopes[l.Scope],
		})
	}
	titles := func(links []link) []any {
		list := make([]any, 0, len(links))
		for _, l := range links {
			list = append(list, maps{"namespace_id": l.Namespace, "title": l.Title, "page_id": l.PageID})
		}
		return list
	}
	texts := func(links []string) []any {
		list := make([]any, 0, len(links))
		for _, l := range links {
			list = append(list, l)
		}
		return list
	}
	return maps{
		"meta": maps{"id": v.Meta.ID, "domain": v.Meta.Domain}, "wiki_id": v.Wiki, "dt": v.Time,
		"page":     maps{"page_id": v.Page.ID, "page_title": v.Page.Title, "namespace_id": v.Page.Namespace},
		"revision": maps{"rev_id": v.Revision.ID}, "closure": closures[v.Closure],
		"output_sha1": v.Output, "content_sha1": v.Content, "transclusion_sha1": v.Transclusion,
		"links": maps{
			"template": template, "page": titles(v.Links.Page), "image": titles(v.Links.Image),
			"category": titles(v.Links.Category), "existence": titles(v.Links.Existence),
			"external": texts(v.Links.External), "lang": texts(v.Links.Lang), "interwiki": []any{},
		},
		"cause": nil,
	}
}

func fromMaps(native any) rendering {
	var v rendering
	m := native.(maps)
	meta, page, links := m["meta"].(maps), m["page"].(maps), m["links"].(maps)
	v.Meta.ID, v.Meta.Domain = meta["id"].(string), meta["domain"].(string)
	v.Wiki, v.Time = m["wiki_id"].(string), m["dt"].(time.Time)
	v.Page.ID, v.Page.Title, v.Page.Namespace = page["page_id"].(int64), page["page_title"].(string), page["namespace_id"].(int32)
	v.Revision.ID = m["revision"].(maps)["rev_id"].(int64)
	v.Output, v.Content = m["output_sha1"].(string), m["content_sha1"].(string)
	v.Transclusion = m["transclusion_sha1"].(string)
	if m["closure"].(string) == "direct" {
		v.Closure = 1
	}
	template := links["template"].([]any)
	v.Links.Template = make([]use, len(template))
	for i, l := range template {
		l := l.(maps)
		u := use{l["namespace_id"].(int32), l["title"].(string), l["page_id"].(int64), l["rev_id"].(int64), 0}
		if l["scope"].(string) == "page" {
			u.Scope = 1
		}
		v.Links.Template[i] = u
	}
	titles := func(field string) []link {
		list := links[field].([]any)
		out := make([]link, len(list))
		for i, l := range list {
			l := l.(maps)
			out[i] = link{l["namespace_id"].(int32), l["title"].(string), l["page_id"].(int64)}
		}
		return out
	}
	v.Links.Page, v.Links.Image = titles("page"), titles("image")
	v.Links.Category, v.Links.Existence = titles("category"), titles("existence")
	for _, l := range links["external"].([]any) {
		v.Links.External = append(v.Links.External, l.(string))
	}
	return v
}

// BenchmarkFormat compares values with and without headers, those of a former schema, and those that are written as a
// former release does.
func BenchmarkFormat(b *testing.B) {
	for _, size := range []struct {
		name  string
		links int
	}{{"small", 1}, {"links", 15}} {
		v := sample()
		v.Links.Template = v.Links.Template[:size.links]
		v.Links.Page, v.Links.Image, v.Links.External = v.Links.Page[:size.links], nil, nil
		b.Run(size.name, func(b *testing.B) { benchmarkFormat(b, v) })
	}
}

func benchmarkFormat(b *testing.B, v rendering) {
	fewer := codecs.MustSchema(strings.Replace(rendersText, `{"name": "output_sha1", "type": "string", "default": ""},`, "", 1))
	added := codecs.MustFormat(renders, fewer)
	if err := added.Write(fewer); err != nil {
		b.Fatal(err)
	}
	former := codecs.MustSchema(strings.Replace(rendersText, `{"name": "wiki_id", "type": "string"},`,
		`{"name": "wiki_id", "type": "string"}, {"name": "dropped", "type": "long", "default": 7},`, 1))
	downgraded := codecs.MustFormat(renders, former)
	if err := downgraded.Write(former); err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		codec codecs.Codec[rendering]
	}{
		{"plain", codecs.PlainAvro[rendering](renders)},
		{"header", codecs.Avro[rendering](rendersFormat)},
		{"added", codecs.Avro[rendering](added)},
		{"dropped", codecs.Avro[rendering](downgraded)},
	} {
		data, err := c.codec.Encode(v)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("encode/"+c.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.codec.Encode(v); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("decode/"+c.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.codec.Decode(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
