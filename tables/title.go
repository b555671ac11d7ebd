package tables

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/eddystream/eddy/codecs"
)

// Title is what text names on a wiki; which page it means changes with time. Its text is "enwiki:10:Infobox_person".
// A [SiteInfo] makes titles of text.
type Title struct {
	Wiki      string
	Namespace int32
	DBKey     string // without prefix, with underscores
}

// ParseTitle reads a title key. It checks its form, not the rules of the wiki. The error wraps [ErrKey].
func ParseTitle(text string) (Title, error) {
	wiki, rest, _ := strings.Cut(text, ":")
	namespace, dbkey, ok := strings.Cut(rest, ":")
	if !ok {
		return Title{}, keyError("title", text, "fewer than two colons")
	}
	n, ok := parseNumber(namespace, 32)
	if !ok {
		return Title{}, keyError("title", text, "malformed namespace")
	}
	t := Title{wiki, int32(n), dbkey}
	return t, t.check("title")
}

// String returns the title's text.
func (t Title) String() string {
	return t.Wiki + ":" + strconv.FormatInt(int64(t.Namespace), 10) + ":" + t.DBKey
}

func (t Title) check(kind string) error {
	if !ValidWiki(t.Wiki) {
		return keyError(kind, t.String(), "malformed wiki")
	}
	if why := checkDBKey(t.DBKey); why != "" {
		return keyError(kind, t.String(), why)
	}
	return nil
}

// checkDBKey says what is wrong with the form of a database key, or "".
func checkDBKey(dbkey string) string {
	switch {
	case dbkey == "":
		return "empty title"
	case dbkey[0] == '_' || dbkey[len(dbkey)-1] == '_':
		return "underscore at an end"
	case !utf8.ValidString(dbkey):
		return "not UTF-8"
	}
	for i := range len(dbkey) {
		if c := dbkey[i]; c == ' ' || illegalByte(c) {
			return "character " + strconv.QuoteRune(rune(c))
		}
	}
	return ""
}

// illegalByte says whether no title may hold an ASCII character.
func illegalByte(c byte) bool {
	switch c {
	case '#', '<', '>', '[', ']', '|', '{', '}', 0x7F:
		return true
	}
	return c < 0x20
}

// TitleKeys is the codec of titles as keys.
func TitleKeys() codecs.Codec[Title] { return titleKeys{} }

type titleKeys struct{}

func (titleKeys) Encode(t Title) ([]byte, error) {
	if err := t.check("title"); err != nil {
		return nil, err
	}
	return t.appendTo(make([]byte, 0, len(t.Wiki)+len(t.DBKey)+8)), nil
}

func (titleKeys) Decode(data []byte) (Title, error) {
	t, err := ParseTitle(string(data))
	if err != nil {
		return Title{}, err
	}
	return t, nil
}

func (t Title) appendTo(data []byte) []byte {
	data = append(data, t.Wiki...)
	data = append(data, ':')
	data = strconv.AppendInt(data, int64(t.Namespace), 10)
	data = append(data, ':')
	return append(data, t.DBKey...)
}
