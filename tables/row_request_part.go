package tables

import (
	"bytes"
	"encoding/hex"
	"fmt"

	"github.com/eddystream/eddy/codecs"
)

// RequestPart is what a chunk knows of one page, or what one cascade asked for there: the row of `eddy-requests-parts-changelog`. It is bounded by
// itself, whatever else there is of its chunk: by [AnswerEvents] and a name, or by two sets of 32 bytes at most.
type RequestPart struct {
	// Page is of the keys of [PagePart].
	Page *PageRender `avro:"page"`
	// Asked is of the keys of [OpenPart] and [EndedPart].
	Asked *AskedPages `avro:"asked"`
}

// AskedPages is what a cascade asked for in a chunk.
type AskedPages struct {
	// Moment is [Cascade.Moment]; 0: any rendering that comes is an answer, for the cascade is timeless.
	Moment int64 `avro:"moment"`
	// Delay is how long after that the cascade first asked here, or ended here, by the clock of the process, in seconds.
	Delay     int64   `avro:"delay"`
	Asked     PageSet `avro:"asked"`
	Answered  PageSet `avro:"answered"`  // of them, those that nothing is waited for any more; of what has ended: none, and it waits for nothing
	Abandoned int32   `avro:"abandoned"` // of them, those given up
	// ToSee is what renderings are compared with while the cascade is open.
	ToSee ToSee `avro:"to_see" default:"\"\""`
	// Again is what the requests said, where a page has one unanswered request at most, and may be asked for again; nil: it is not kept.
	Again *AskedAgain `avro:"again" default:"null"`
}

// AskedAgain is what the requests of a cascade said, those of each reason; a page is in one set.
type AskedAgain struct {
	Hop  CascadeHop `avro:"hop"`
	Sets []AskSet   `avro:"sets"`
}

// Add takes in pages that are asked for.
func (a *AskedAgain) Add(reason LinkType, pages []byte) {
	for i := range a.Sets {
		if s := &a.Sets[i]; s.Reason == reason {
			s.Pages = append(bytes.Clone(s.Pages), pages...)
			return
		}
	}
	a.Sets = append(a.Sets, AskSet{Reason: reason, Pages: bytes.Clone(pages)})
}

// Reason is why a page is asked for.
func (a *AskedAgain) Reason(offset byte) LinkType {
	for _, s := range a.Sets {
		if bytes.IndexByte(s.Pages, offset) >= 0 {
			return s.Reason
		}
	}
	return LinkTemplate
}

// Since is when the cascade first asked here, or ended here, Unix seconds.
func (a *AskedPages) Since() int64 { return a.Moment + a.Delay }

// OpenAsks is how many cascades a chunk waits for where nothing else is said.
const OpenAsks = 256

// RequestPartKey names a part: its chunk, and which part of it.
type RequestPartKey = codecs.Pair[PageKey, string]

// RequestPartKeys is the codec of the keys of parts. They are in the partition of their chunk.
func RequestPartKeys() codecs.Codec[RequestPartKey] {
	return codecs.PairOf(PageKeys(), codecs.String[string]())
}

// The parts of a chunk are, in this order, those of cascades that are open, of those that have ended, and of pages.
const (
	openParts  = "a"
	endedParts = "e"
	pageParts  = "p"
)

// PagePart is the key of what is known of a page of a chunk.
func PagePart(chunk PageKey, offset byte) RequestPartKey {
	return RequestPartKey{First: chunk, Second: string([]byte{pageParts[0], offset})}
}

// OpenPart is the key of what an open cascade asked for.
func OpenPart(chunk PageKey, id CascadeID) RequestPartKey { return cascadePart(chunk, openParts, id) }

// EndedPart is the key of what a cascade asked for that has ended.
func EndedPart(chunk PageKey, id CascadeID) RequestPartKey { return cascadePart(chunk, endedParts, id) }

func cascadePart(chunk PageKey, kind string, id CascadeID) RequestPartKey {
	key := append(make([]byte, 0, 9), kind...)
	if raw, err := hex.AppendDecode(key, []byte(id)); err == nil {
		key = raw
	} else {
		key = append(key, id...) // none that there could be
	}
	return RequestPartKey{First: chunk, Second: string(key)}
}

// OpenRange is the range of the keys of open cascades of a chunk.
func OpenRange(chunk PageKey) (from, to RequestPartKey) {
	return RequestPartKey{First: chunk, Second: openParts}, RequestPartKey{First: chunk, Second: endedParts}
}

// EndedRange is the range of the keys of cascades of a chunk that have ended.
func EndedRange(chunk PageKey) (from, to RequestPartKey) {
	return RequestPartKey{First: chunk, Second: endedParts}, RequestPartKey{First: chunk, Second: pageParts}
}

// CascadeOfPart is the cascade that a key of a part names; and whether it has ended there.
func CascadeOfPart(key RequestPartKey) (id CascadeID, ended bool, err error) {
	if len(key.Second) != 9 {
		return "", false, fmt.Errorf("%w: part %x of chunk %s names no cascade", ErrKey, key.Second, key.First)
	}
	return CascadeID(hex.EncodeToString([]byte(key.Second[1:]))), key.Second[:1] == endedParts, nil
}

// PageSet is a set of pages of a chunk, in no more than 32 bytes: fewer than 32 are their offsets, ascending; else it is a bit for each of the 256.
type PageSet []byte

const fullPageSet = 256 / 8

// PageSetOf makes the set of what is in b, of less than 256.
func PageSetOf(b Bits) PageSet {
	n := b.Len()
	if n == 0 {
		return nil
	}
	if n >= fullPageSet {
		return append(make(PageSet, 0, fullPageSet), b...)[:fullPageSet]
	}
	s := make(PageSet, 0, n)
	for i := range len(b) * 8 {
		if b.Has(i) {
			s = append(s, byte(i))
		}
	}
	return s
}

// Has reports whether a page is in the set.
func (s PageSet) Has(offset byte) bool {
	if len(s) < fullPageSet {
		return bytes.IndexByte(s, offset) >= 0
	}
	return Bits(s).Has(int(offset))
}

// Bits returns the set as bits.
func (s PageSet) Bits() Bits {
	if len(s) >= fullPageSet {
		return Bits(bytes.Clone(s[:fullPageSet]))
	}
	var b Bits
	for _, offset := range s {
		b.Add(int(offset))
	}
	return b
}

// Without returns what is in b and not in o.
func (b Bits) Without(o Bits) Bits {
	left := bytes.Clone(b)
	for i := range min(len(left), len(o)) {
		left[i] &^= o[i]
	}
	return left
}

// RequestPartsOf is what the encoded keys of all parts of a chunk begin with.
func RequestPartsOf(chunk PageKey) ([]byte, error) {
	return RequestPartKeys().(codecs.KeyPrefix[RequestPartKey]).KeyPrefix(RequestPartKey{First: chunk})
}
