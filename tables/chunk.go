package tables

import (
	"cmp"
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// Chunk is a part of the users of a target that are pages of one wiki. The zero chunk is none.
//
// As a rule it is a range of ids: Index<<Width to (Index+1)<<Width-1. What lies too far apart for ranges, and what is too much for one row,
// is in buckets: those of a range, or, where Width and Index are 0, of all ids that have no range. A bucket of a level has the ids whose hash
// begins with its number, of four bits a level; one that is too much for its row has 16 on the next level.
type Chunk struct {
	Source string // the wiki whose pages they are
	Width  uint8  // 1 to 62: the exponent of the number of ids; 0: no range
	Level  uint8  // of the bucket; 0: the range itself
	Index  int64
	Bucket int64
}

const (
	// maxChunkWidth leaves a chunk of positive ids.
	maxChunkWidth = 62
	// bucketBits is the logarithm of how many buckets one is split into.
	bucketBits = 4
	// Fork is how many buckets one is split into.
	Fork = 1 << bucketBits
	// MaxLevel is the last level: no number has more bits.
	MaxLevel = 15
)

// ChunkOf returns the chunk of the target's users that are pages of the source wiki with ids of
// index<<width to (index+1)<<width-1.
func (t Target) ChunkOf(source string, width uint8, index int64) Target {
	t.Chunk = Chunk{Source: source, Width: width, Index: index}
	return t
}

// RootOf is the chunk of no range, which has no row: its buckets have the pages of the source wiki that no range has.
func (t Target) RootOf(source string) Target {
	t.Chunk = Chunk{Source: source}
	return t
}

// Part returns the bucket n of those that the chunk is split into.
func (t Target) Part(n int) Target {
	t.Chunk.Level++
	t.Chunk.Bucket = t.Chunk.Bucket<<bucketBits | int64(n)
	return t
}

// PartOf says in which of the buckets that the chunk is split into a page is. The 256 pages that are asked for together are in one.
func (c Chunk) PartOf(page int64) int {
	var block [8]byte
	binary.LittleEndian.PutUint64(block[:], uint64(page>>pageChunkBits))
	return int(xxhash.Sum64(block[:]) << (c.Level * bucketBits) >> (64 - bucketBits))
}

// Compare orders the chunks of one target.
func (c Chunk) Compare(o Chunk) int {
	return cmp.Or(cmp.Compare(c.Source, o.Source), cmp.Compare(c.Width, o.Width), cmp.Compare(c.Index, o.Index),
		cmp.Compare(c.Level, o.Level), cmp.Compare(c.Bucket, o.Bucket))
}

func (c Chunk) valid() bool {
	if c.Width == 0 {
		if c.Index != 0 || c.Level == 0 {
			return false
		}
	} else if c.Width > maxChunkWidth || c.Index < 0 || c.Index<<c.Width>>c.Width != c.Index || c.Index<<c.Width < 0 {
		return false
	}
	return c.Level <= MaxLevel && c.Bucket >= 0 && c.Bucket>>(c.Level*bucketBits) == 0
}

func (c Chunk) appendTo(data []byte) []byte {
	data = append(data, c.Source...)
	data = append(data, ':')
	data = strconv.AppendUint(data, uint64(c.Width), 10)
	data = append(data, ':')
	data = strconv.AppendInt(data, c.Index, 10)
	if c.Level > 0 {
		data = append(data, ':')
		data = strconv.AppendUint(data, uint64(c.Level), 10)
		data = append(data, ':')
		data = strconv.AppendInt(data, c.Bucket, 10)
	}
	return data
}

func parseChunk(text string) (c Chunk, ok bool) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 && len(parts) != 5 {
		return c, false
	}
	var n [4]int64
	for i, part := range parts[1:] {
		if n[i], ok = parseNumber(part, 64); !ok {
			return c, false
		}
	}
	c = Chunk{Source: parts[0], Width: uint8(n[0]), Index: n[1], Level: uint8(n[2]), Bucket: n[3]}
	return c, int64(c.Width) == n[0] && int64(c.Level) == n[2] && (c.Level > 0) == (len(parts) == 5)
}
