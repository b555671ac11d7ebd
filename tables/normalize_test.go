package tables_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eddystream/eddy/tables"
)

func english(t testing.TB) *tables.SiteInfo {
	t.Helper()
	s, err := tables.EnglishSiteInfo("enwiki", tables.FirstLetter)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// latgalian is the site info of a real wiki with its own names of namespaces.
func latgalian(t testing.TB) *tables.SiteInfo {
	t.Helper()
	dir := os.Getenv("EDDY_DATA")
	if dir == "" {
		dir = "../../shared/data"
	}
	f, err := os.Open(filepath.Join(dir, "ltg", "siteinfo.json"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("no data: set EDDY_DATA to the folder with the recorded wikis: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := tables.LoadSiteInfo(f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func site(t testing.TB, language string, sensitive bool) *tables.SiteInfo {
	t.Helper()
	s, err := tables.NewSiteInfo("testwiki", language, []tables.Namespace{
		{ID: 0, CaseSensitive: sensitive},
		{ID: 1, Name: "Talk", CaseSensitive: sensitive},
		{ID: 2, Name: "User"},
		{ID: 10, Name: "Şablon", Canonical: "Template", CaseSensitive: sensitive},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParse(t *testing.T) {
	t.Parallel()
	en, tr, wikt := english(t), site(t, "tr", false), site(t, "en", true)
	for _, c := range []struct {
		site *tables.SiteInfo
		text string
		want string // without wiki; or the rule
	}{
		{en, "Foo", "0:Foo"},
		{en, "foo bar", "0:Foo_bar"},
		{en, "  foo __ bar_ ", "0:Foo_bar"},
		{en, "foo\u00a0\u2003\u3000bar", "0:Foo_bar"},
		{en, "\u200eFoo\u202a", "0:Foo"},
		{en, ":Foo", "0:Foo"},
		{en, ": foo", "0:Foo"},
		{en, "::Foo", string(tables.RuleLeadingColon)},
		{en, ":template:foo", "10:Foo"},
		{en, "template:foo", "10:Foo"},
		{en, "TEMPLATE : foo", "10:Foo"},
		{en, "Template talk:foo", "11:Foo"},
		{en, "template_TALK:foo", "11:Foo"},
		{en, "Image:a.jpg", "6:A.jpg"},
		{en, "Module:Foo/bar", "828:Foo/bar"},
		{en, "Moved:Foo", "0:Moved:Foo"},
		{en, "foo:bar", "0:Foo:bar"},
		{en, "\u017fpecial:foo", "-1:Foo"},
		{en, "Template:", string(tables.RuleEmpty)},
		{en, "Template::Foo", string(tables.RuleLeadingColon)},
		{en, "talk:foo", "1:Foo"},
		{en, "Talk:File:x", string(tables.RuleTalk)},
		{en, "talk: talk :x", string(tables.RuleTalk)},
		{en, "Talk:Moved:x", "1:Moved:x"},
		{en, "User talk:File:x", "3:File:x"},
		{en, "", string(tables.RuleEmpty)},
		{en, " _ ", string(tables.RuleEmpty)},
		{en, ":", string(tables.RuleEmpty)},
		{en, "A#b", string(tables.RuleCharacter)},
		{en, "A<b", string(tables.RuleCharacter)},
		{en, "A>b", string(tables.RuleCharacter)},
		{en, "A[b", string(tables.RuleCharacter)},
		{en, "A]b", string(tables.RuleCharacter)},
		{en, "A|b", string(tables.RuleCharacter)},
		{en, "A{b", string(tables.RuleCharacter)},
		{en, "A}b", string(tables.RuleCharacter)},
		{en, "A\nb", string(tables.RuleCharacter)},
		{en, "A\x7fb", string(tables.RuleCharacter)},
		{en, "A\ufffdb", string(tables.RuleUTF8)},
		{en, "A\xffb", string(tables.RuleUTF8)},
		{en, "A\uffffb", string(tables.RuleUTF8)},
		{en, ".", string(tables.RulePath)},
		{en, "..", string(tables.RulePath)},
		{en, "A/.", string(tables.RulePath)},
		{en, "A/../B", string(tables.RulePath)},
		{en, "./A", string(tables.RulePath)},
		{en, "...", "0:..."},
		{en, ".NET/.b", "0:.NET/.b"},
		{en, "A~~b", "0:A~~b"},
		{en, "A~~~b", string(tables.RuleTildes)},
		{en, "A%20b", string(tables.RulePercent)},
		{en, "A%%aFb", string(tables.RulePercent)},
		{en, "100% b", "0:100%_b"},
		{en, "AT&T", "0:AT&T"},
		{en, "A&amp;b", string(tables.RuleReference)},
		{en, "A&;b", "0:A&;b"},
		{en, "A && b; c", "0:A_&&_b;_c"},
		{en, strings.Repeat("a", 255), "0:A" + strings.Repeat("a", 254)},
		{en, strings.Repeat("a", 256), string(tables.RuleLength)},
		{en, "Template:" + strings.Repeat("ā", 127), "10:Ā" + strings.Repeat("ā", 126)},
		{en, strings.Repeat("ā", 128), string(tables.RuleLength)},
		{en, "Special:" + strings.Repeat("a", 512), "-1:A" + strings.Repeat("a", 511)},
		{en, "Special:" + strings.Repeat("a", 513), string(tables.RuleLength)},
		{en, "e\u0301tude", "0:\u00c9tude"},            // NFC
		{en, "\u0061\u030angstrom", "0:\u00c5ngstrom"}, // NFC
		{en, "e\u200e\u0301tude", "0:\u00c9tude"},
		{en, "\u0131\u0307", "0:\u0130"},
		{tr, strings.Repeat("i", 255), string(tables.RuleLength)},
		{en, "Foo, \"bar\" (baz): it's!", "0:Foo,_\"bar\"_(baz):_it's!"},
		{en, "ß-Carotin", "0:ß-Carotin"},
		{en, "éclair", "0:Éclair"},
		{en, "привет", "0:Привет"},
		{en, "ñ", "0:Ñ"},
		{en, "ÿ", "0:Ÿ"},
		{en, "ſ", "0:S"},
		{en, "µ-law", "0:Μ-law"},
		{en, "საქართველო", "0:საქართველო"},
		{en, "ǆ", "0:ǅ"},
		{en, "ǅ", "0:ǅ"},
		{en, "ⅳ", "0:ⅳ"},
		{en, "ŉ", "0:ŉ"},
		{en, "ᾳ", "0:ᾼ"},
		{en, "ı", "0:I"},
		{en, "1a", "0:1a"},
		{en, "\U00010428", "0:\U00010400"},
		{en, "istanbul", "0:Istanbul"},
		{tr, "istanbul", "0:İstanbul"},
		{tr, "ısparta", "0:Isparta"},
		{tr, "ŞABLON:ilk", "10:İlk"},
		{tr, "template:ilk", "10:İlk"},
		{tr, "\u0130mage:x", "0:\u0130mage:x"},
		{wikt, "foo", "0:foo"},
		{wikt, "template:foo", "10:foo"},
		{wikt, "user:foo", "2:Foo"},
	} {
		got, err := c.site.Parse(c.text)
		if !strings.Contains(c.want, ":") {
			var e *tables.TitleError
			if !errors.As(err, &e) || !errors.Is(err, tables.ErrTitle) || e.Rule != tables.TitleRule(c.want) || e.Text != c.text {
				t.Errorf("%.40q is %v, %v; want the rule %q", c.text, got, err, c.want)
			}
			continue
		}
		if want := c.site.Wiki() + ":" + c.want; err != nil || got.String() != want {
			t.Errorf("%.40q is %s, %v; want %s", c.text, got, err, want)
		}
	}
}

func TestLatgalian(t *testing.T) {
	t.Parallel()
	s := latgalian(t)
	if s.Wiki() != "ltgwiki" || s.Language() != "ltg" {
		t.Errorf("wiki %q, language %q", s.Wiki(), s.Language())
	}
	for text, want := range map[string]string{
		"taiss:a b":             "10:A_b",
		"Template:a":            "10:A",
		"SPRĪŽA AP TAISU:a":     "11:A",
		"template talk:a":       "11:A",
		"Vikipedeja:a":          "4:A",
		"project:a":             "4:A",
		"Image:a.png":           "6:A.png",
		"Lietotāja_diskusija:x": "3:X",
		"Modulis:a":             "828:A",
		"gadget:abc":            "2300:abc",
		"Tēma:abc":              "2600:Abc",
		"Wikipedia:a":           "0:Wikipedia:a",
	} {
		if got, err := s.Parse(text); err != nil || got.String() != "ltgwiki:"+want {
			t.Errorf("%q is %s, %v; want %s", text, got, err, want)
		}
	}
	title, err := s.Key(11, "a b")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Prefixed(title); got != "Sprīža_ap_taisu:A_b" {
		t.Errorf("prefixed %q", got)
	}
	if back, err := s.Parse(s.Prefixed(title)); err != nil || back != title {
		t.Errorf("read again as %v, %v", back, err)
	}
}

func TestFromPageTitle(t *testing.T) {
	t.Parallel()
	en := english(t)
	for _, c := range []struct {
		namespace int32
		text      string
		want      string
	}{
		{0, "Foo", "0:Foo"},
		{0, "Talk:Foo", "0:Talk:Foo"}, // the id counts: the wiki may have no such namespace
		{10, "Template:Foo:bar", "10:Foo:bar"},
		{10, "Taiss:Foo", "10:Foo"},
		{3002, "Moved:AEM", "3002:AEM"},
		{3002, "Moved:a:b", "3002:A:b"},
		{10, "Foo", ""},
		{10, "Template:", ""},
		{0, "A|b", ""},
	} {
		got, err := en.FromPageTitle(c.namespace, c.text)
		if (err != nil) != (c.want == "") || err == nil && got.String() != "enwiki:"+c.want {
			t.Errorf("%d %q is %s, %v; want %s", c.namespace, c.text, got, err, c.want)
		}
	}
}

func TestFromRedirect(t *testing.T) {
	t.Parallel()
	en, told := english(t), site(t, "tr", false)
	for _, c := range []struct {
		site       *tables.SiteInfo
		namespace  int32
		text       string
		pagePrefix string
		want       string
	}{
		{en, 0, "Foo:bar", "", "0:Foo:bar"},
		{en, 10, "Foo", "", "10:Foo"},
		{en, 10, "Template:Foo", "", "10:Foo"},
		{en, 10, "template :Foo", "", "10:Foo"},
		{en, 10, "Taiss:Foo", "Taiss", "10:Foo"},
		{en, 10, "Taiss:Foo", "", "10:Foo"}, // nobody told what the wiki calls it
		{en, 4, "Wikipedia:Foo", "", "4:Foo"},
		{en, 3002, "Moved:AEM", "", "3002:AEM"},
		{en, 3002, "AEM", "", "3002:AEM"},
		{told, 10, "Şablon:Foo", "", "10:Foo"},
		{told, 10, "Template:Foo", "", "10:Foo"},
		{told, 10, "Foo:bar", "", "10:Foo:bar"},
		{told, 10, "User:bar", "", "10:User:bar"},
		{told, 10, "Eski_ad:bar", "eski_ad", "10:Bar"},
		{told, 3002, "Moved:AEM", "", "3002:AEM"},
	} {
		got, err := c.site.FromRedirect(c.namespace, c.text, c.pagePrefix)
		if want := c.site.Wiki() + ":" + c.want; err != nil || got.String() != want {
			t.Errorf("%d %q is %s, %v; want %s", c.namespace, c.text, got, err, want)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	for _, text := range []string{"foo", "Template:foo bar", "::", "Talk:File:x", "é", "e\u0301", "i", "\u200e_", "A/./b", "ǆ", " \ufb01"} {
		f.Add(text, int32(10))
	}
	f.Add("e\u200e\u0301", int32(0))
	f.Add("\u0131\u0307", int32(0))
	en, tr := english(f), site(f, "tr", false)
	f.Fuzz(func(t *testing.T, text string, namespace int32) {
		for _, s := range []*tables.SiteInfo{en, tr} {
			parsed, err := s.Parse(text)
			if err == nil {
				checkTitle(t, s, parsed)
				// A parsed title in namespace 0 has no known prefix, so it survives being prefixed and parsed again.
				if again, err := s.Parse(s.Prefixed(parsed)); err != nil || again != parsed {
					t.Fatalf("%q is %q, which is read as %q, %v", text, parsed, again, err)
				}
			} else if !errors.Is(err, tables.ErrTitle) {
				t.Fatal(err)
			}
			key, err := s.Key(namespace, text)
			if err != nil {
				continue
			}
			checkTitle(t, s, key)
			if namespace == 0 {
				continue
			}
			if got, err := s.FromPageTitle(namespace, s.Prefixed(key)); err != nil || got != key {
				t.Fatalf("%q of %q is read as %q, %v", s.Prefixed(key), key, got, err)
			}
		}
	})
}

// checkTitle checks that a normalised title stays as it is, and is a key.
func checkTitle(t *testing.T, s *tables.SiteInfo, title tables.Title) {
	if again, err := s.Key(title.Namespace, title.DBKey); err != nil || again != title {
		t.Fatalf("%q is normalised again to %q, %v", title, again, err)
	}
	data, err := tables.TitleKeys().Encode(title)
	if err != nil {
		t.Fatalf("%q is no key: %v", title, err)
	}
	if back, err := tables.TitleKeys().Decode(data); err != nil || back != title {
		t.Fatalf("%q is read as %q, %v", data, back, err)
	}
}

func BenchmarkKey(b *testing.B) {
	s := english(b)
	for _, text := range []string{"Infobox_person", "Foo_(bar),_baz.jpg", "Lītuotuojs_un_kas"} {
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Key(10, text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
