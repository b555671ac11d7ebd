package tables

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/eddystream/eddy/codecs"
)

// Target is what a link points at, and the key of the reverse index: a title, or what is outside the wiki; or a
// chunk of the pages that link there. Its texts:
//
//	enwiki:10:Infobox_person             a title
//	enwiki:external:https://example.org/ an external link of enwiki's
//	enwiki:lang:de:Titel                 a language link of enwiki's
//	enwiki:interwiki:m:Main_Page         an interwiki link of enwiki's
//	@dewiki:14:3@commonswiki:6:A.jpg     pages of dewiki that use a file of commonswiki, with ids of 3<<14 to 4<<14-1
//	@dewiki:14:3:1:7@commonswiki:6:A.jpg those of them in bucket 7 of the 16 of the first level
//	@dewiki:0:0:1:7@commonswiki:6:A.jpg  a bucket of ids that no such range has
//
// It is comparable.
type Target struct {
	Wiki      string
	Kind      TargetKind
	Namespace int32  // of a title
	Text      string // a title's database key; a URL; "code:Title"; "prefix:Title"
	Chunk     Chunk  // zero: the target itself
}

// TargetKind is what a target is.
type TargetKind uint8

// The kinds of targets.
const (
	TargetTitle TargetKind = iota
	TargetExternal
	TargetLang
	TargetInterwiki
)

var targetKinds = [...]string{"title", "external", "lang", "interwiki"}

// String returns the kind's name.
func (k TargetKind) String() string {
	if int(k) < len(targetKinds) {
		return targetKinds[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// TitleTarget is the target of links to a title.
func TitleTarget(t Title) Target {
	return Target{Wiki: t.Wiki, Kind: TargetTitle, Namespace: t.Namespace, Text: t.DBKey}
}

// ExternalTarget is the target of a wiki's links to a URL, which is taken as it is.
func ExternalTarget(wiki, url string) Target {
	return Target{Wiki: wiki, Kind: TargetExternal, Text: url}
}

// LangTarget is the target of a wiki's language links to "code:Title".
func LangTarget(wiki, link string) Target { return Target{Wiki: wiki, Kind: TargetLang, Text: link} }

// InterwikiTarget is the target of a wiki's interwiki links to a title under a prefix.
func InterwikiTarget(wiki, prefix, title string) Target {
	return Target{Wiki: wiki, Kind: TargetInterwiki, Text: prefix + ":" + title}
}

// IsChunk says whether the key is that of a chunk.
func (t Target) IsChunk() bool { return t.Chunk != Chunk{} }

// Row returns the target itself, without the chunk.
func (t Target) Row() Target {
	t.Chunk = Chunk{}
	return t
}

// Title returns the title that the target, or the target of the chunk, is.
func (t Target) Title() (Title, bool) {
	if t.Kind != TargetTitle {
		return Title{}, false
	}
	return Title{t.Wiki, t.Namespace, t.Text}, true
}

// String returns the target's text.
func (t Target) String() string { return string(t.appendTo(nil)) }

// ParseTarget reads a target. The error wraps [ErrKey].
func ParseTarget(text string) (Target, error) {
	t, why := parseTarget(text)
	if why == "" {
		why = t.check()
	}
	if why != "" {
		return Target{}, keyError("target", text, why)
	}
	return t, nil
}

func parseTarget(text string) (t Target, why string) {
	rest := text
	if after, ok := strings.CutPrefix(text, "@"); ok {
		head, row, ok := strings.Cut(after, "@")
		if !ok {
			return t, "chunk without a target"
		}
		if t.Chunk, ok = parseChunk(head); !ok {
			return t, "malformed chunk"
		}
		rest = row
	}
	wiki, rest, _ := strings.Cut(rest, ":")
	kind, rest, ok := strings.Cut(rest, ":")
	if !ok {
		return t, "fewer than two colons"
	}
	t.Wiki, t.Text = wiki, rest
	switch kind {
	case "external":
		t.Kind = TargetExternal
	case "lang":
		t.Kind = TargetLang
	case "interwiki":
		t.Kind = TargetInterwiki
	default:
		n, ok := parseNumber(kind, 32)
		if !ok {
			return t, "malformed namespace"
		}
		t.Namespace = int32(n)
	}
	return t, ""
}

// check says what is wrong with the target, or "".
func (t Target) check() string {
	if !ValidWiki(t.Wiki) {
		return "malformed wiki"
	}
	if c := t.Chunk; t.IsChunk() {
		if !ValidWiki(c.Source) {
			return "malformed source wiki"
		}
		if !c.valid() {
			return "chunk out of range"
		}
	}
	switch t.Kind {
	case TargetTitle:
		return checkDBKey(t.Text)
	case TargetExternal:
	case TargetLang, TargetInterwiki:
		if i := strings.IndexByte(t.Text, ':'); i < 1 {
			return "link without a prefix"
		}
	default:
		return "unknown kind"
	}
	switch {
	case t.Namespace != 0:
		return "namespace of what is no title"
	case t.Text == "":
		return "empty link"
	case !utf8.ValidString(t.Text):
		return "not UTF-8"
	}
	return ""
}

func (t Target) appendTo(data []byte) []byte {
	if c := t.Chunk; t.IsChunk() {
		data = c.appendTo(append(data, '@'))
		data = append(data, '@')
	}
	data = append(data, t.Wiki...)
	data = append(data, ':')
	if t.Kind == TargetTitle {
		data = strconv.AppendInt(data, int64(t.Namespace), 10)
	} else {
		data = append(data, t.Kind.String()...)
	}
	data = append(data, ':')
	return append(data, t.Text...)
}

// TargetKeys is the codec of targets as keys. They are hashed whole: the chunks of a target are spread over
// all partitions.
func TargetKeys() codecs.Codec[Target] { return targetKeys{} }

type targetKeys struct{}

func (targetKeys) Encode(t Target) ([]byte, error) {
	if why := t.check(); why != "" {
		return nil, keyError("target", t.String(), why)
	}
	return t.appendTo(make([]byte, 0, len(t.Chunk.Source)+len(t.Wiki)+len(t.Text)+24)), nil
}

func (targetKeys) Decode(data []byte) (Target, error) { return ParseTarget(string(data)) }
