package tables

import (
	"cmp"
	"slices"

	"github.com/eddystream/eddy/codecs"
)

// CascadeEntries is how many messages, and how many chunks, of a cascade one row holds where nothing else is said.
const CascadeEntries = 256

// MaxCascadeEntries is the greatest number that may be said.
const MaxCascadeEntries = 1024

// CascadePart holds messages or chunks of a cascade that its row has no room for: the row of `eddy-cascades-parts-changelog`.
//
// The parts are a tree. A row that is full gets no more entries, and loses none; what comes then goes to one of 64 parts below it, by a hash.
// So nothing ever moves from a row to another, which a crash between the writes of the two could lose or double. A row is bounded: by
// [CascadeEntries] entries, of some 20 bytes each and two bits for each partition, and 64 sums.
type CascadePart struct {
	Messages []MessageState  `avro:"messages"`
	Chunks   []ChunkProgress `avro:"chunks"` // sorted
	Parts    []CascadeSum    `avro:"parts"`  // those below, sorted
	At       int64           `avro:"at"`     // the last place in the log of progress that it has in it

	index messageIndex
}

// CascadeSum is what a part and all that is below it come to. It is made of the part whenever that is touched, and never counted on: the rows
// of a cascade are not written in one step, and after a crash one may have more of the log in it than another.
type CascadeSum struct {
	Digit       int32 `avro:"digit"` // which of the 64 parts
	Open        int64 `avro:"open"`  // messages
	Asked       int64 `avro:"asked"`
	Outstanding int64 `avro:"outstanding"`
	Abandoned   int64 `avro:"abandoned"`
}

// CascadePartKey names a part: its cascade, and its path. That begins with "c" for chunks or "m" for messages, and has two hexadecimal digits a level.
type CascadePartKey = codecs.Pair[CascadeID, string]

// CascadePartKeys is the codec of the keys of parts. They are in the partition of their cascade, in the order of paths.
func CascadePartKeys() codecs.Codec[CascadePartKey] {
	return codecs.PairOf(CascadeIDs(), codecs.String[string]())
}

// Paths of parts of chunks are from ChunkParts to ChunkPartsEnd, those of messages from MessageParts to MessagePartsEnd, and there are no others.
const (
	ChunkParts      = "c"
	ChunkPartsEnd   = "d" // also [CascadeRow.Told] when all chunks have heard of the end
	MessageParts    = "m"
	MessagePartsEnd = "n"
)

// sum makes the sum of a part.
func (p *CascadePart) sum(digit int32) CascadeSum {
	p.index.load(p.Messages)
	s := CascadeSum{Digit: digit, Open: int64(p.index.open)}
	for _, c := range p.Chunks {
		s.Asked += int64(c.Asked)
		s.Outstanding += int64(c.Outstanding)
		s.Abandoned += int64(c.Abandoned)
	}
	for _, b := range p.Parts {
		s.Open += b.Open
		s.Asked += b.Asked
		s.Outstanding += b.Outstanding
		s.Abandoned += b.Abandoned
	}
	return s
}

// putSum puts a sum in the place of the one with its digit, and returns that.
func putSum(sums *[]CascadeSum, s CascadeSum) (was CascadeSum) {
	i, found := slices.BinarySearchFunc(*sums, s, func(a, b CascadeSum) int { return cmp.Compare(a.Digit, b.Digit) })
	if found {
		was = (*sums)[i]
		(*sums)[i] = s
		return was
	}
	*sums = slices.Insert(*sums, i, s)
	return was
}
