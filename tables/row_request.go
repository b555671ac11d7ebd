package tables

import "math/bits"

// RequestRow is the state of a chunk of 256 pages: the row of `eddy-requests-table`, keyed by [PageKey.Chunk]. It is
// bounded by 256 pages, the open cascades, and the newest [ClosedCascades] closed ones.
type RequestRow struct {
	Pages    []PageRender   `avro:"pages"`    // sorted by Offset
	Cascades []ChunkCascade `avro:"cascades"` // in order of arrival
}

// ClosedCascades bounds the ended cascades whose asked pages a [RequestRow] remembers.
const ClosedCascades = 16

// PageRender is what a chunk knows of one of its pages.
type PageRender struct {
	Offset int32 `avro:"offset"` // id & 255
	Start  int64 `avro:"start"`  // greatest start of its renderings, Unix seconds; 0: none
	// Cause is the cascade that the rendering named as its cause; empty: none.
	Cause CascadeID `avro:"cause"`
	Dead  bool      `avro:"dead"`
}

// ChunkCascade is a cascade as a chunk sees it.
type ChunkCascade struct {
	Cascade     Cascade `avro:"cascade"`
	Closed      bool    `avro:"closed"`
	Asked       PageSet `avro:"asked"`
	Outstanding PageSet `avro:"outstanding"`
	Abandoned   int32   `avro:"abandoned"`
}

// PageSet is a set of the pages of a chunk, by id & 255; bit i of byte i/8. A nil set is empty.
type PageSet []byte

const pageSetBytes = 32

// Has reports whether page is in s.
func (s PageSet) Has(page byte) bool { return len(s) != 0 && s[page/8]>>(page%8)&1 == 1 }

// Add puts page into s.
func (s *PageSet) Add(page byte) {
	if len(*s) == 0 {
		*s = make(PageSet, pageSetBytes)
	}
	(*s)[page/8] |= 1 << (page % 8)
}

// Remove takes page out of s.
func (s PageSet) Remove(page byte) {
	if len(s) != 0 {
		s[page/8] &^= 1 << (page % 8)
	}
}

// Len returns the number of pages in s.
func (s PageSet) Len() int {
	n := 0
	for _, b := range s {
		n += bits.OnesCount8(b)
	}
	return n
}
