package tables

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Parse makes a title of a text with the prefix of its namespace, or none for namespace 0, as MediaWiki does: see
// its MediaWikiTitleCodec. Interwiki prefixes are not known, and a fragment ("#…") is refused. Errors are [*TitleError].
func (s *SiteInfo) Parse(prefixed string) (Title, error) {
	text, rule := clean(prefixed)
	if rule != "" {
		return Title{}, s.invalid(namespaceMain, prefixed, rule)
	}
	if strings.HasPrefix(text, ":") {
		text = strings.Trim(text[1:], "_")
	}
	namespace := int32(namespaceMain)
	if id, rest, ok := s.prefix(text); ok {
		namespace, text = id, rest
		if id == namespaceTalk {
			// Talk:File:X would be the talk page of a page that cannot be.
			if _, _, ok := s.prefix(rest); ok {
				return Title{}, s.invalid(namespace, prefixed, RuleTalk)
			}
		}
	}
	return s.title(namespace, text, prefixed)
}

// Key makes a title of a namespace's id and a text without prefix. The namespace may be one that the site info does
// not know. Errors are [*TitleError].
func (s *SiteInfo) Key(namespace int32, dbkey string) (Title, error) {
	if plain(dbkey) {
		return Title{s.wiki, namespace, dbkey}, nil
	}
	text, rule := clean(dbkey)
	if rule != "" {
		return Title{}, s.invalid(namespace, dbkey, rule)
	}
	return s.title(namespace, text, dbkey)
}

// FromPageTitle makes a title of what an event says of a page: the id of its namespace, which counts, and its key,
// which has a prefix outside namespace 0. The prefix is whatever the wiki calls that namespace, known here or not.
// Errors are [*TitleError].
func (s *SiteInfo) FromPageTitle(namespace int32, prefixed string) (Title, error) {
	if namespace == namespaceMain {
		return s.Key(namespace, prefixed)
	}
	_, dbkey, ok := strings.Cut(prefixed, ":")
	if !ok {
		return Title{}, s.invalid(namespace, prefixed, RulePrefix)
	}
	return s.Key(namespace, dbkey)
}

// FromRedirect makes a title of what an event says of a redirect's target: the id of its namespace, and its key with
// or without prefix. What stands before the first colon is a prefix where it names that namespace; where it is
// pagePrefix, which is the one that the same event's page has if it is in that namespace, else empty; and where
// nobody told what the namespace is called: events have the prefix, as a rule. Errors are [*TitleError].
func (s *SiteInfo) FromRedirect(namespace int32, text, pagePrefix string) (Title, error) {
	prefix, dbkey, ok := strings.Cut(text, ":")
	if namespace == namespaceMain || !ok {
		return s.Key(namespace, text)
	}
	_, known := s.namespaces[namespace]
	named := false
	if cleaned, rule := clean(prefix); rule == "" {
		id, ok := s.Resolve(cleaned)
		named = ok && id == namespace
	}
	if named || !known || s.assumed || pagePrefix != "" && fold(prefix) == fold(pagePrefix) {
		return s.Key(namespace, dbkey)
	}
	return s.Key(namespace, text)
}

// prefix splits a clean text at its first colon if what stands before names a namespace.
func (s *SiteInfo) prefix(text string) (namespace int32, rest string, ok bool) {
	before, after, found := strings.Cut(text, ":")
	before = strings.TrimRight(before, "_")
	if !found || before == "" {
		return 0, "", false
	}
	namespace, ok = s.Resolve(before)
	return namespace, strings.TrimLeft(after, "_"), ok
}

// title applies the rules of what is behind the prefix to a clean text.
func (s *SiteInfo) title(namespace int32, text, given string) (Title, error) {
	if rule := forbidden(namespace, text); rule != "" {
		return Title{}, s.invalid(namespace, given, rule)
	}
	if !s.caseSensitive(namespace) {
		// A capital may compose with a mark where the small letter did not: ı and a dot above.
		text = norm.NFC.String(upperFirst(text, s.language))
	}
	if tooLong(namespace, text) {
		return Title{}, s.invalid(namespace, given, RuleLength)
	}
	if text[0] == ':' {
		return Title{}, s.invalid(namespace, given, RuleLeadingColon)
	}
	return Title{s.wiki, namespace, text}, nil
}

func (s *SiteInfo) invalid(namespace int32, text string, rule TitleRule) error {
	return &TitleError{s.wiki, namespace, text, rule}
}

// plain says whether a text is a title's key already, whatever the rules of its namespace: a capital letter or a
// digit, and ASCII letters, digits, single underscores and harmless signs. Most are, and need no more looking at.
func plain(text string) bool {
	if text == "" || len(text) > 255 || text[len(text)-1] == '_' {
		return false
	}
	if c := text[0]; (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
		return false
	}
	for i := 1; i < len(text); i++ {
		c := text[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '-', c == ',', c == '(', c == ')', c == '!', c == '\'', c == '"', c == '*', c == ':':
		case c == '_' && text[i-1] != '_':
		default:
			return false
		}
	}
	return true
}

// clean brings a text to NFC, drops the marks of writing direction and makes every run of white space and
// underscores one underscore, none at the ends.
func clean(text string) (string, TitleRule) {
	if !utf8.ValidString(text) {
		return "", RuleUTF8
	}
	text = norm.NFC.String(text)
	var b strings.Builder
	b.Grow(len(text))
	gap, dropped := false, false
	for _, r := range text {
		switch {
		case r == utf8.RuneError || r&0xFFFE == 0xFFFE:
			return "", RuleUTF8
		case directional(r):
			dropped = true
		case space(r):
			gap = true
		default:
			if gap && b.Len() > 0 {
				b.WriteByte('_')
			}
			gap = false
			b.WriteRune(r)
		}
	}
	if dropped {
		return norm.NFC.String(b.String()), "" // what stood on both sides of it may compose now
	}
	return b.String(), ""
}

// space says whether a character counts as a space in a title.
func space(r rune) bool {
	switch r {
	case ' ', '_', 0xA0, 0x1680, 0x180E, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000:
		return true
	}
	return r >= 0x2000 && r <= 0x200A
}

// directional says whether a character is a mark of writing direction, which comes along when a title is copied.
func directional(r rune) bool {
	return r == 0x200E || r == 0x200F || r >= 0x202A && r <= 0x202E
}
