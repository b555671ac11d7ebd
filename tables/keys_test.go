package tables_test

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables"
)

// oneSpelling checks that bytes are either refused or exactly what their key is written as.
func oneSpelling[K comparable](t *testing.T, c codecs.Codec[K], text func(K) string, data []byte) {
	key, err := c.Decode(data)
	if err != nil {
		if !errors.Is(err, tables.ErrKey) {
			t.Fatalf("%q: %v, want ErrKey", data, err)
		}
		return
	}
	got, err := c.Encode(key)
	if err != nil {
		t.Fatalf("%q was read as %+v, which can't be written: %v", data, key, err)
	}
	if !bytes.Equal(got, data) || text(key) != string(data) {
		t.Fatalf("%q was read as %+v and written as %q, text %q", data, key, got, text(key))
	}
}

func FuzzKeys(f *testing.F) {
	for _, text := range []string{
		"enwiki:736", "enwiki:0", "enwiki:0736", "enwiki:-1", "enwiki:+1", "en wiki:1", ":1", "enwiki:",
		"enwiki:99999999999999999999", "enwiki:10:Infobox_person", "enwiki:-1:Search", "enwiki:010:A", "enwiki:0:A:B",
		"enwiki:external:https://example.org/a b", "enwiki:lang:de:Titel", "enwiki:interwiki:m:", "enwiki:external:",
		"@enwiki:14:3@enwiki:10:Title", "@enwiki:63:3@enwiki:10:Title", "@enwiki:14:9223372036854775807@enwiki:10:T",
		"@enwiki:14:-3@enwiki:10:Title", "@enwiki:0:0@enwiki:10:Title", "@@enwiki:10:Title", "enwiki:title:A",
		"0f1e2d3c4b5a6978", "0F1E2D3C4B5A6978",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		oneSpelling(t, tables.PageKeys(), tables.PageKey.String, data)
		oneSpelling(t, tables.TitleKeys(), tables.Title.String, data)
		oneSpelling(t, tables.TargetKeys(), tables.Target.String, data)
		oneSpelling(t, tables.CascadeIDs(), func(id tables.CascadeID) string { return string(id) }, data)
		part := tables.PageKeys().(codecs.HashPart).HashPart(data)
		key, err := tables.PageKeys().Decode(data)
		if err != nil {
			return
		}
		if want := key.Chunk().String(); string(part) != want {
			t.Fatalf("the hashed part of %q is %q, want %q", data, part, want)
		}
	})
}

func TestPageKeysOfAChunkHashAlike(t *testing.T) {
	t.Parallel()
	c := tables.PageKeys()
	hash := c.(codecs.HashPart)
	wiki := rapid.StringMatching(`[A-Za-z0-9_.+ß字-]{1,12}`)
	rapid.Check(t, func(t *rapid.T) {
		a := tables.PageKey{Wiki: wiki.Draw(t, "wiki"), ID: rapid.Int64Min(0).Draw(t, "a")}
		b := tables.PageKey{Wiki: a.Wiki, ID: rapid.OneOf(rapid.Int64Min(0), rapid.Just(a.ID^0x5A)).Draw(t, "b")}
		keyA, err := c.Encode(a)
		if err != nil {
			t.Fatal(err)
		}
		keyB, err := c.Encode(b)
		if err != nil {
			t.Fatal(err)
		}
		alike := bytes.Equal(hash.HashPart(keyA), hash.HashPart(keyB))
		if want := a.ID>>8 == b.ID>>8; alike != want {
			t.Fatalf("%v and %v hash alike: %t, want %t", a, b, alike, want)
		}
		if got, err := c.Decode(keyA); err != nil || got != a {
			t.Fatalf("got %v, %v, want %v", got, err, a)
		}
	})
}

func TestPageKeyHashPartAllocatesOnce(t *testing.T) { //nolint:paralleltest // what is counted is the process's
	hash := tables.PageKeys().(codecs.HashPart)
	key := []byte("enwiki:123456789")
	if n := testing.AllocsPerRun(100, func() { hash.HashPart(key) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

func TestKeysThatAreNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "enwiki", "enwiki:", ":1", "enwiki:01", "enwiki:+1", "enwiki:-1", "enwiki:-0", "enwiki:1 ", "enwiki:1_000",
		"en/wiki:1", "en@wiki:1", "en wiki:1", "en\x00wiki:1", "enwiki:9223372036854775808", "enwiki:1:2",
	} {
		if k, err := tables.ParsePageKey(text); !errors.Is(err, tables.ErrKey) {
			t.Errorf("page %q: %v, %v", text, k, err)
		}
	}
	for _, text := range []string{
		"", "enwiki:10", "enwiki:10:", ":10:A", "enwiki::A", "enwiki:x:A", "enwiki:+1:A", "enwiki:00:A", "enwiki:2147483648:A",
		"enwiki:0:A b", "enwiki:0:_A", "enwiki:0:A_", "enwiki:0:A\x00", "enwiki:0:A|B", "enwiki:0:\xff", "en@wiki:0:A",
	} {
		if k, err := tables.ParseTitle(text); !errors.Is(err, tables.ErrKey) {
			t.Errorf("title %q: %v, %v", text, k, err)
		}
		if k, err := tables.ParseTarget(text); !errors.Is(err, tables.ErrKey) {
			t.Errorf("target %q: %v, %v", text, k, err)
		}
	}
	for _, k := range []tables.Target{
		{},
		{Wiki: "enwiki"},
		{Wiki: "enwiki", Kind: tables.TargetExternal},
		{Wiki: "enwiki", Kind: tables.TargetExternal, Namespace: 1, Text: "http://a"},
		{Wiki: "enwiki", Kind: tables.TargetLang, Text: "Titel"},
		{Wiki: "enwiki", Kind: tables.TargetInterwiki, Text: ":A"},
		{Wiki: "enwiki", Kind: 9, Text: "A"},
		tables.Target{Wiki: "enwiki", Text: "A"}.ChunkOf("", 14, 0),
		tables.Target{Wiki: "enwiki", Text: "A"}.ChunkOf("enwiki", 0, 1),
		tables.Target{Wiki: "enwiki", Text: "A"}.ChunkOf("enwiki", 14, -1),
		tables.Target{Wiki: "enwiki", Text: "A"}.ChunkOf("enwiki", 14, 1<<50),
		tables.Target{Wiki: "enwiki", Text: "A"}.RootOf("enwiki"),
		tables.Target{Wiki: "enwiki", Text: "A"}.RootOf("enwiki").Part(16),
		{Wiki: "enwiki", Text: "A", Chunk: tables.Chunk{Source: "enwiki", Level: 16}},
		{Wiki: "enwiki", Text: "A", Chunk: tables.Chunk{Source: "enwiki", Level: 1, Bucket: -1}},
	} {
		if data, err := tables.TargetKeys().Encode(k); !errors.Is(err, tables.ErrKey) {
			t.Errorf("target %+v: %q, %v", k, data, err)
		}
	}
	if data, err := tables.PageKeys().Encode(tables.PageKey{}); !errors.Is(err, tables.ErrKey) {
		t.Errorf("the zero page: %q, %v", data, err)
	}
	if data, err := tables.TitleKeys().Encode(tables.Title{}); !errors.Is(err, tables.ErrKey) {
		t.Errorf("the zero title: %q, %v", data, err)
	}
	if data, err := tables.CascadeIDs().Encode(""); !errors.Is(err, tables.ErrKey) {
		t.Errorf("the zero cascade: %q, %v", data, err)
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	title := tables.Title{Wiki: "commonswiki", Namespace: 6, DBKey: "A:b.jpg"}
	for _, c := range []struct {
		target tables.Target
		text   string
	}{
		{tables.TitleTarget(title), "commonswiki:6:A:b.jpg"},
		{tables.ExternalTarget("enwiki", "https://example.org/?a=b:c d"), "enwiki:external:https://example.org/?a=b:c d"},
		{tables.LangTarget("enwiki", "de:Titel"), "enwiki:lang:de:Titel"},
		{tables.LangTarget("enwiki", "be:"), "enwiki:lang:be:"},
		{tables.InterwikiTarget("enwiki", "m", "Main_Page"), "enwiki:interwiki:m:Main_Page"},
		{tables.InterwikiTarget("enwiki", "commons", ""), "enwiki:interwiki:commons:"},
		{tables.TitleTarget(title).ChunkOf("dewiki", 14, 3), "@dewiki:14:3@commonswiki:6:A:b.jpg"},
		{tables.TitleTarget(title).ChunkOf("dewiki", 14, 3).Part(7).Part(1), "@dewiki:14:3:2:113@commonswiki:6:A:b.jpg"},
		{tables.TitleTarget(title).RootOf("dewiki").Part(0), "@dewiki:0:0:1:0@commonswiki:6:A:b.jpg"},
		{tables.ExternalTarget("enwiki", "mailto:a@b").ChunkOf("enwiki", 16, 0), "@enwiki:16:0@enwiki:external:mailto:a@b"},
	} {
		if got := c.target.String(); got != c.text {
			t.Errorf("text %q, want %q", got, c.text)
		}
		if got, err := tables.ParseTarget(c.text); err != nil || got != c.target {
			t.Errorf("%q is %+v, %v, want %+v", c.text, got, err, c.target)
		}
		if c.target.IsChunk() != (c.text[0] == '@') || c.target.Row().IsChunk() {
			t.Errorf("%q: chunk %t, its row %t", c.text, c.target.IsChunk(), c.target.Row().IsChunk())
		}
		got, ok := c.target.Title()
		if want := c.target.Kind == tables.TargetTitle; ok != want || ok && got != title {
			t.Errorf("%q is the title %v, %t", c.text, got, ok)
		}
	}
}

func TestCascadeID(t *testing.T) {
	t.Parallel()
	root := tables.Title{Wiki: "enwiki", Namespace: 10, DBKey: "A"}
	id := tables.NewCascadeID("enwiki", root, "e1")
	// A change of this value orphans every cascade in flight.
	if want := tables.CascadeID("79a34fff4d3ce8c0"); id != want {
		t.Errorf("id %s, want %s", id, want)
	}
	if _, err := tables.ParseCascadeID(string(id)); err != nil {
		t.Error(err)
	}
	other := tables.Title{Wiki: "enwiki", Namespace: 10, DBKey: "Ae"}
	for name, got := range map[string]tables.CascadeID{
		"wiki":  tables.NewCascadeID("dewiki", root, "e1"),
		"event": tables.NewCascadeID("enwiki", root, "e2"),
		"shift": tables.NewCascadeID("enwiki", other, "1"),
	} {
		if got == id {
			t.Errorf("another %s has the same id", name)
		}
	}
}

func TestLinkTypes(t *testing.T) {
	t.Parallel()
	for lt := tables.LinkTemplate; lt <= tables.LinkSelf; lt++ {
		if got, err := tables.ParseLinkType(lt.String()); err != nil || got != lt {
			t.Errorf("%v is read as %v, %v", lt, got, err)
		}
	}
	if _, err := tables.ParseLinkType("nothing"); err == nil {
		t.Error("an unknown type was read")
	}
	s := tables.NewLinkTypes(tables.LinkCategory, tables.LinkImage).With(tables.LinkSelf)
	if !s.Has(tables.LinkImage) || s.Has(tables.LinkTemplate) || s.String() != "image,category,self" {
		t.Errorf("the set is %s", s)
	}
	s = s.Without(tables.LinkImage).Without(tables.LinkPage)
	if first, ok := s.Strongest(); !ok || first != tables.LinkCategory || s.String() != "category,self" {
		t.Errorf("the set is %s, the strongest %s", s, first)
	}
	if _, ok := tables.LinkTypes(0).Strongest(); ok {
		t.Error("the empty set has a strongest type")
	}
}
