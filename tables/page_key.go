package tables

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/eddystream/eddy/codecs"
)

// PageKey names a page: what has a history and survives a move. Its text is "enwiki:736".
type PageKey struct {
	Wiki string
	ID   int64
}

// pageChunkBits is the width of a chunk of pages: 256 ids share a partition.
const pageChunkBits = 8

// ParsePageKey reads a page key. The error wraps [ErrKey].
func ParsePageKey(text string) (PageKey, error) {
	wiki, id, ok := strings.Cut(text, ":")
	if !ok {
		return PageKey{}, keyError("page", text, "no colon")
	}
	if !ValidWiki(wiki) {
		return PageKey{}, keyError("page", text, "malformed wiki")
	}
	n, ok := parseNumber(id, 64)
	if !ok || n < 0 {
		return PageKey{}, keyError("page", text, "malformed page id")
	}
	return PageKey{wiki, n}, nil
}

// String returns the key's text.
func (k PageKey) String() string { return k.Wiki + ":" + strconv.FormatInt(k.ID, 10) }

// Chunk returns the key of the first page of the chunk of 256 that k is in. There need not be such a page.
func (k PageKey) Chunk() PageKey { return PageKey{k.Wiki, k.ID &^ (1<<pageChunkBits - 1)} }

// PageKeys is the codec of page keys. All keys of a chunk are hashed alike: as the text of [PageKey.Chunk].
// The codec implements [codecs.HashPart].
func PageKeys() codecs.Codec[PageKey] { return pageKeys{} }

type pageKeys struct{}

func (pageKeys) Encode(k PageKey) ([]byte, error) {
	if !ValidWiki(k.Wiki) {
		return nil, keyError("page", k.String(), "malformed wiki")
	}
	if k.ID < 0 {
		return nil, keyError("page", k.String(), "malformed page id")
	}
	data := make([]byte, 0, len(k.Wiki)+20)
	data = append(data, k.Wiki...)
	data = append(data, ':')
	return strconv.AppendInt(data, k.ID, 10), nil
}

func (pageKeys) Decode(data []byte) (PageKey, error) { return ParsePageKey(string(data)) }

// HashPart returns the text of the chunk's key; a malformed key is its own part.
func (pageKeys) HashPart(key []byte) []byte {
	colon := bytes.IndexByte(key, ':')
	var id int64
	for _, c := range key[colon+1:] {
		if c < '0' || c > '9' || id > math.MaxInt64/10 {
			return key
		}
		if id = id*10 + int64(c-'0'); id < 0 {
			return key
		}
	}
	if colon < 0 {
		return key
	}
	part := make([]byte, 0, len(key))
	part = append(part, key[:colon+1]...)
	return strconv.AppendInt(part, id&^(1<<pageChunkBits-1), 10)
}
