package tables

import (
	"cmp"
	"slices"
)

// RequestRow is the state of a chunk of 256 pages as releases before v2 keep it: the row of `eddy-requests-table`, keyed by [PageKey.Chunk]. It is
// bounded by 256 pages, the open cascades, and the newest of the closed ones; see [RequestRow.Close]. It is written whole
// whenever something of it changes, so what comes new is in a [RequestPart]. What is in it stays where it is, until it is forgotten; a part of a page goes before.
type RequestRow struct {
	Pages    []PageRender   `avro:"pages"`    // sorted by Offset
	Cascades []ChunkCascade `avro:"cascades"` // in order of arrival
	// Named are the names that pages got last, for as long as the join may not have them; the newest [NamedPages].
	Named []NamedPage `avro:"named"`
	// Waits are the pages that have been asked for and not been rendered since, where a page has one unanswered request at most. It is of no
	// release before, and the one thing of the row that comes new; nil: there are none.
	Waits *Waits `avro:"waits" default:"null"`
}

// Waits are pages of a chunk with an unanswered request, in no more than four sets of 32 bytes, and one for each bit of the greatest age.
type Waits struct {
	Unanswered PageSet `avro:"unanswered"`
	Behind     PageSet `avro:"behind"` // of them, those that a change asked for behind the request
	Owed       PageSet `avro:"owed"`   // of them, those where such a change is not waited for any more
	Tried      PageSet `avro:"tried"`  // of them, those asked for again because an answer was stale, and by no change since
	Tick       int64   `avro:"tick"`   // when it is next looked for those that have waited for too long, Unix seconds
	// Ages are how many such looks the request of each has met, as bits of the number, the lowest first.
	Ages []PageSet `avro:"ages"`
}

// NamedPages bounds [RequestRow.Named].
const NamedPages = 4

// NamedPage is a page with the name that a change gave it.
type NamedPage struct {
	Offset int32  `avro:"offset"` // id & 255
	DT     int64  `avro:"dt"`     // of the change, Unix seconds
	Name   Name   `avro:"name"`
	Prefix string `avro:"prefix"` // of the name, where the site info does not know it; else empty
}

// ClosedCascades is how many closed cascades a [RequestRow] remembers the asked pages of, where nothing else is said.
const ClosedCascades = 128

// PageRender is what a chunk knows of one of its pages.
type PageRender struct {
	Offset int32 `avro:"offset"` // id & 255
	Start  int64 `avro:"start"`  // greatest start of its renderings, Unix seconds; 0: none
	// Cause is the cascade that the rendering named as its cause; empty: none.
	Cause CascadeID `avro:"cause"`
	// Rev is the greatest revision that was rendered; 0: none, or not known.
	Rev int64 `avro:"rev_id" default:"0"`
	// Recent are the events of the renderings that came last, the newest [AnswerEvents]: a repeat of one is no answer to what was asked since.
	Recent Recent `avro:"recent" default:"[]"`
	// At is the place in the log of renderings of the last one that was no repeat; 0: not known.
	At   int64   `avro:"at" default:"0"`
	Seen []int64 `avro:"seen"` // of releases before v2: hashes of the ids of the events with this start
	Dead bool    `avro:"dead"`
	// Named is the name that a change, or the first rendering, gave the page last; in a [RequestRow], which has its own, nil.
	Named *NamedPage `avro:"named" default:"null"`
	// Self is the page's own change whose rendering is waited for, where a page has one unanswered request at most; nil: none.
	Self *Cascade `avro:"self" default:"null"`
}

// AnswerEvents bounds [PageRender.Recent].
const AnswerEvents = 4

// ChunkCascade is a cascade as a chunk sees it.
type ChunkCascade struct {
	Cascade     Cascade `avro:"cascade"`
	Closed      bool    `avro:"closed"`
	Asked       Bits    `avro:"asked"`       // by id & 255
	Outstanding Bits    `avro:"outstanding"` // by id & 255
	Abandoned   int32   `avro:"abandoned"`
	// Since is when the cascade first asked here, by the clock of the process that was asked, Unix seconds.
	Since int64 `avro:"since" default:"0"`
}

// Page returns what is known of a page, nil if nothing is.
func (r *RequestRow) Page(offset byte) *PageRender {
	if i, found := r.find(offset); found {
		return &r.Pages[i]
	}
	return nil
}

// Name returns the name that a change gave a page, nil if none did that is known.
func (r *RequestRow) Name(offset byte) *NamedPage {
	for i := range r.Named {
		if r.Named[i].Offset == int32(offset) {
			return &r.Named[i]
		}
	}
	return nil
}

// Put returns what is known of a page, added if nothing is. It is valid until the next Put.
func (r *RequestRow) Put(offset byte) *PageRender {
	i, found := r.find(offset)
	if !found {
		r.Pages = slices.Insert(r.Pages, i, PageRender{Offset: int32(offset)})
	}
	return &r.Pages[i]
}

func (r *RequestRow) find(offset byte) (int, bool) {
	return slices.BinarySearchFunc(r.Pages, int32(offset), func(p PageRender, o int32) int { return cmp.Compare(p.Offset, o) })
}

// Rename takes note of a page's name, and forgets the oldest beyond [NamedPages].
func (r *RequestRow) Rename(n NamedPage) {
	r.Named = slices.DeleteFunc(r.Named, func(o NamedPage) bool { return o.Offset == n.Offset })
	if r.Named = append(r.Named, n); len(r.Named) > NamedPages {
		r.Named = slices.Delete(r.Named, 0, 1)
	}
}

// Cascade returns the state of a cascade, added at a time if there is none. It is valid until cascades are added or closed.
func (r *RequestRow) Cascade(c Cascade, at int64) *ChunkCascade {
	for i := range r.Cascades {
		if r.Cascades[i].Cascade.ID == c.ID {
			return &r.Cascades[i]
		}
	}
	r.Cascades = append(r.Cascades, ChunkCascade{Cascade: c, Since: at})
	return &r.Cascades[len(r.Cascades)-1]
}

// Close ends the cascade at index i, and forgets the first of the closed ones beyond the newest keep. Of one that is forgotten nobody knows
// what it asked for: should it ask again, it is as one that never did.
func (r *RequestRow) Close(i, keep int) {
	r.Cascades[i].Closed, r.Cascades[i].Outstanding = true, nil
	closed := 0
	for j, c := range slices.Backward(r.Cascades) {
		if !c.Closed {
			continue
		}
		if closed++; closed > keep {
			r.Cascades = slices.Delete(r.Cascades, j, j+1)
		}
	}
}
