package codecs_test

import (
	"bytes"
	_ "embed"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/linkedin/goavro/v2"
	"pgregory.net/rapid"

	"github.com/eddystream/eddy/codecs"
)

// rendering is a Go shape of the schema test.Render.
type rendering struct {
	Meta struct {
		ID     string `avro:"id"`
		Domain string `avro:"domain"`
	} `avro:"meta"`
	Wiki string    `avro:"wiki_id"`
	Time time.Time `avro:"dt"`
	Page struct {
		ID        int64  `avro:"page_id"`
		Title     string `avro:"page_title"`
		Namespace int32  `avro:"namespace_id"`
	} `avro:"page"`
	Revision struct {
		ID int64 `avro:"rev_id"`
	} `avro:"revision"`
	Closure      uint8  `avro:"closure"`
	Output       string `avro:"output_sha1"`
	Content      string `avro:"content_sha1"`
	Transclusion string `avro:"transclusion_sha1"`
	Links        struct {
		Template  []use    `avro:"template"`
		Page      []link   `avro:"page"`
		Image     []link   `avro:"image"`
		Category  []link   `avro:"category"`
		Existence []link   `avro:"existence"`
		External  []string `avro:"external"`
		Lang      []string `avro:"lang"`
		Interwiki []struct {
			Prefix string `avro:"prefix"`
			Title  string `avro:"title"`
		} `avro:"interwiki"`
	} `avro:"links"`
	Cause *struct {
		ID   string `avro:"cascade_id"`
		Root string `avro:"root"`
	} `avro:"cause"`
}

type use struct {
	Namespace int32  `avro:"namespace_id"`
	Title     string `avro:"title"`
	PageID    int64  `avro:"page_id"`
	RevID     int64  `avro:"rev_id"`
	Scope     uint8  `avro:"scope"`
}

type link struct {
	Namespace int32  `avro:"namespace_id"`
	Title     string `avro:"title"`
	PageID    int64  `avro:"page_id"`
}

// sample is a rendering with 50 links.
func sample() rendering {
	var r rendering
	r.Meta.ID, r.Meta.Domain = "3b62459c-5b63-5cca-a1ea-3a02dfd45e18", "wiki.example"
	r.Wiki, r.Time = "testwiki", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	r.Page.ID, r.Page.Title, r.Revision.ID = 736, "Ada_Lovelace", 1234567
	r.Closure = 1
	r.Output, r.Content = "a3ed6de994b119d8f85cb1a858e7d77bab2697f6", "c9793fc03a8b9c1106a3b2aad43c9e5ec2c192b1"
	for i := range int64(15) {
		r.Links.Template = append(r.Links.Template, use{10, fmt.Sprintf("Infobox_number_%d", i), 1000 + i, 5000 + i, uint8(i % 2)})
	}
	for i := range int64(25) {
		r.Links.Page = append(r.Links.Page, link{0, fmt.Sprintf("Some_other_page_%d", i), 2000 * (i % 3)})
	}
	for i := range int64(5) {
		r.Links.Image = append(r.Links.Image, link{6, fmt.Sprintf("Picture_%d.jpg", i), 0})
		r.Links.External = append(r.Links.External, fmt.Sprintf("https://example.org/source/%d", i))
	}
	return r
}

//go:embed testdata/render.avsc
var rendersText string

var (
	renders       = codecs.MustSchema(rendersText)
	rendersFormat = codecs.MustFormat(renders)
)

func TestBothLibrariesWriteTheSame(t *testing.T) {
	t.Parallel()
	generic, err := goavro.NewCodec(renders.String())
	if err != nil {
		t.Fatal(err)
	}
	typed := codecs.PlainAvro[rendering](renders)
	value := rapid.Make[rendering]()
	millis := rapid.Int64Range(-1<<42, 1<<45) // years 1830 to 3084
	rapid.Check(t, func(t *rapid.T) {
		v := value.Draw(t, "rendering")
		v.Time = time.UnixMilli(millis.Draw(t, "time")).UTC()
		v.Closure %= 2
		for i := range v.Links.Template {
			v.Links.Template[i].Scope %= 2
		}
		ours, err := typed.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		native, rest, err := generic.NativeFromBinary(ours)
		if err != nil || len(rest) > 0 {
			t.Fatalf("goavro: %v, %d bytes left", err, len(rest))
		}
		theirs, err := generic.BinaryFromNative(nil, native)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(ours, theirs) {
			t.Fatalf("ours   %x\ngoavro %x", ours, theirs)
		}
		back, err := typed.Decode(theirs)
		if err != nil {
			t.Fatal(err)
		}
		again, err := typed.Encode(back)
		if err != nil || !bytes.Equal(again, ours) {
			t.Fatalf("read and written again: %v\n%x\n%x", err, ours, again)
		}
		if back.Time != v.Time || !reflect.DeepEqual(back.Cause, v.Cause) || len(back.Links.Page) != len(v.Links.Page) {
			t.Fatalf("read %+v\nwrote %+v", back, v)
		}
	})
}

func TestAvroOfPointers(t *testing.T) {
	t.Parallel()
	c := codecs.PlainAvro[*rendering](renders)
	v := sample()
	data, err := c.Encode(&v)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Decode(data)
	if err != nil || got.Links.Template[14] != v.Links.Template[14] {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := c.Encode(nil); err == nil {
		t.Error("a nil record was encoded")
	}
}

func TestAvroRefuses(t *testing.T) {
	t.Parallel()
	c := codecs.PlainAvro[rendering](renders)
	data, err := c.Encode(sample())
	if err != nil {
		t.Fatal(err)
	}
	if v, err := c.Decode(append(bytes.Clone(data), 0)); err == nil {
		t.Errorf("a byte left over: %+v", v)
	}
	for n := range data {
		if v, err := c.Decode(data[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes: %+v", n, len(data), v)
		}
	}
	wrong := sample()
	wrong.Closure = 7
	if _, err := c.Encode(wrong); err == nil {
		t.Error("an impossible closure was encoded")
	}
	if _, err := codecs.PlainAvro[int](renders).Encode(3); err == nil {
		t.Error("a number was encoded as a record")
	}
}

func TestAvroGuardsCounts(t *testing.T) {
	t.Parallel()
	s, err := codecs.ParseSchema(`{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"array","items":"null"}}]}`)
	if err != nil {
		t.Fatal(err)
	}
	huge := []byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0} // an array of 2^63-1
	if v, err := codecs.PlainAvro[map[string]any](s).Decode(huge); err == nil {
		t.Errorf("got %v", v)
	}
	if text, err := s.JSON(huge); err == nil {
		t.Errorf("got %s", text)
	}
}

func FuzzAvro(f *testing.F) {
	c := codecs.PlainAvro[rendering](renders)
	data, err := c.Encode(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := c.Decode(data)
		text, jsonErr := renders.JSON(data)
		if err != nil {
			return
		}
		if jsonErr != nil {
			t.Errorf("read, but not rendered: %v", jsonErr)
		}
		if len(text) == 0 {
			t.Error("rendered as nothing")
		}
		canonical, err := c.Encode(v)
		if err != nil {
			t.Fatalf("read, but not written: %v", err)
		}
		v, err = c.Decode(canonical)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := c.Encode(v); err != nil || !bytes.Equal(again, canonical) {
			t.Fatalf("written twice: %v\n%x\n%x", err, canonical, again)
		}
	})
}
