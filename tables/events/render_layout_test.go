package events

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/codecs/codectest"
	"github.com/eddystream/eddy/tables/schemas"
)

func drawRender(t *rapid.T) Render {
	text := func(label string) string { return rapid.String().Draw(t, label) }
	number := func(label string) int64 { return rapid.Int64().Draw(t, label) }
	namespace := func() int32 { return rapid.Int32().Draw(t, "namespace") }
	few := func() []struct{} { return make([]struct{}, rapid.IntRange(0, 3).Draw(t, "items")) }
	r := Render{
		Meta: Meta{ID: text("id"), Domain: text("domain")}, Wiki: text("wiki"),
		Start: time.UnixMilli(rapid.Int64Range(-1<<50, 1<<50).Draw(t, "dt")).UTC(), Page: RenderPage{ID: number("page"), Title: text("title"), Namespace: namespace()},
		Revision: RenderRevision{ID: number("rev")}, Closure: Closure(rapid.Byte().Draw(t, "closure") % 3),
		OutputSHA1: text("output"), ContentSHA1: text("content"), TransclusionSHA1: text("transclusion"),
	}
	for range few() {
		l := TemplateLink{Namespace: namespace(), Title: text("template"), PageID: number("page"), RevID: number("rev"), Scope: Scope(rapid.Byte().Draw(t, "scope") % 3)}
		r.Links.Template = append(r.Links.Template, l)
	}
	for _, list := range []*[]TitleLink{&r.Links.Page, &r.Links.Image, &r.Links.Category, &r.Links.Existence} {
		for range few() {
			*list = append(*list, TitleLink{Namespace: namespace(), Title: text("title"), PageID: number("page")})
		}
	}
	for range few() {
		r.Links.External, r.Links.Lang = append(r.Links.External, text("url")), append(r.Links.Lang, text("language link"))
		r.Links.Interwiki = append(r.Links.Interwiki, InterwikiLink{Prefix: text("prefix"), Title: text("title")})
	}
	if rapid.Bool().Draw(t, "cause") {
		r.Cause = &Cause{CascadeID: text("cascade"), Root: text("root")}
	}
	return r
}

// What the layout writes and reads is what the schema does.
func TestRendersAreAvro(t *testing.T) {
	t.Parallel()
	quick, avro := renders.Codec, schemas.Codec[Render]("Render")
	rapid.Check(t, func(t *rapid.T) {
		r := drawRender(t)
		got, gotErr := quick.Encode(r)
		want, wantErr := avro.Encode(r)
		if !bytes.Equal(got, want) || (gotErr == nil) != (wantErr == nil) {
			t.Fatalf("encoded as\n%x, %v, want\n%x, %v", got, gotErr, want, wantErr)
		}
		if wantErr != nil {
			return // of a closure or scope that there is not
		}
		codectest.SameRead(t, quick, avro, want)
		codectest.SameReadDamaged(t, quick, avro, want)
	})
}

func FuzzRenders(f *testing.F) {
	r := Render{Links: Links{Template: make([]TemplateLink, 1), Page: make([]TitleLink, 2), External: make([]string, 1), Interwiki: make([]InterwikiLink, 1)}, Cause: &Cause{}}
	data, err := renders.Codec.Encode(r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		codectest.SameRead(t, renders.Codec, schemas.Codec[Render]("Render"), data)
	})
}

func BenchmarkRenders(b *testing.B) {
	r := Render{Meta: Meta{ID: "3f2e0d8c-6a4e-4a8b-9d6d-1c9f2f3b7a11"}, Wiki: "enwiki", Start: time.Unix(1_767_225_600, 0).UTC(), Page: RenderPage{ID: 12345, Title: "Article 12345"}}
	for range 10 {
		r.Links.Template = append(r.Links.Template, TemplateLink{Namespace: 10, Title: "Template of level 3", PageID: 4567, RevID: 89_012})
		r.Links.Page = append(r.Links.Page, TitleLink{Title: "Article 4567", PageID: 4567})
	}
	codectest.Bench(b, r, map[string]codecs.Codec[Render]{"layout": renders.Codec, "schema": schemas.Codec[Render]("Render")})
}
