package tables

import (
	"cmp"
	"slices"
)

// DependentsRow is a row of `eddy-dependents-table`, keyed by [Target]. Exactly one field is set.
type DependentsRow struct {
	Target *TargetRow
	Chunk  *ChunkRow
}

// TargetRow is the reverse index of one target and what has passed through it. Links of up to [InlineEdges] per source
// wiki are here, more are in chunks. Waves are bounded: see [TargetRow.AddWave].
type TargetRow struct {
	Holder   int64 // page that has the title; 0: none
	HolderDT int64 // dt of the change that said so
	// Left is the page that moved away and left a redirect, which has not taken the title yet.
	Left Leaver
	// Own are the pages that link here by what is or was their own title, with the start of the rendering that said so
	// last; the newest [OwnLinks].
	Own []OwnLink
	// Met is the one page that every link saw at the title when it was found.
	Met Met
	// Latest is what the link saw whose rendering began last, of those that say what they saw.
	Latest Sighting
	// UsedSince is the earliest start of a rendering through which changes are carried; 0: none.
	UsedSince int64
	// Direct says that links of renderings came that list only what their own text names.
	Direct bool
	// Told is what the holder was told of that.
	Told    Told
	Roots   int64  // how many changes of the title itself came
	Passed  int64  // how many waves did
	Waves   []Wave // the last to come first
	Sources []SourceEdges
}

// InlineEdges is how many links of one source wiki a target row holds itself; PendingEdges how many updates of its
// chunks it collects.
const (
	InlineEdges  = 512
	PendingEdges = 256
)

// Met says what all links of a target saw at its title.
type Met struct {
	State MetState `avro:"state"`
	Page  int64    `avro:"page_id"`
	// Rev is the least revision that links which show the page's content saw of it; 0: there is none of them, -1: one did not say.
	Rev int64 `avro:"rev_id" default:"-1"`
}

// Sighting is what a rendering saw at a title.
type Sighting struct {
	Start int64 `avro:"start"` // of the rendering, Unix seconds; 0: there was none
	Page  int64 `avro:"page_id"`
	Rev   int64 `avro:"rev_id"` // 0: not said
}

// Before reports whether the rendering saw the title as it was before a change that gives it to a page.
func (s Sighting) Before(c Cascade, page int64) bool {
	return s.Start != 0 && (s.Page != page || s.Rev != 0 && s.Rev < c.Rev && c.Kind.Revises())
}

// MetState is the kind of a [Met].
type MetState uint8

// A target without links met nothing yet; MetOne saw one page, or its absence (page 0); MetMixed different ones,
// unknown ones, or a change of the title that was walked.
const (
	MetUnset MetState = iota
	MetOne
	MetMixed
)

// OwnLink is a page that links to its own title.
type OwnLink struct {
	Page  int64    `avro:"page_id"`
	Type  LinkType `avro:"type"`
	Start int64    `avro:"start"` // Unix seconds
}

// OwnLinks bounds [TargetRow.Own].
const OwnLinks = 8

// Leaver is a page that moved to another title.
type Leaver struct {
	Page int64 `avro:"page_id"`
	DT   int64 `avro:"dt"` // of the change, Unix seconds
}

// Told is what a holder was told of its use.
type Told struct {
	Page  int64 `avro:"page_id"`
	Start int64 `avro:"start"`
}

// SourceEdges holds the links from the pages of one wiki.
type SourceEdges struct {
	Wiki  string
	Edges Edges // while Width is 0
	// Width is the exponent of the chunks' width in page ids; 0: not chunked.
	Width   uint8
	Chunks  IDSet       // the indexes of the chunks that exist
	Pending []ChunkEdge // updates not handed to the chunks yet, oldest first
}

// ChunkRow holds the links from an id range of one wiki's pages.
type ChunkRow struct {
	Edges Edges
}

// Source returns the edges of wiki, added if they are missing.
func (r *TargetRow) Source(wiki string) *SourceEdges {
	i, found := slices.BinarySearchFunc(r.Sources, wiki, func(s SourceEdges, w string) int { return cmp.Compare(s.Wiki, w) })
	if !found {
		r.Sources = slices.Insert(r.Sources, i, SourceEdges{Wiki: wiki})
	}
	return &r.Sources[i]
}
