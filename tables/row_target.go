package tables

import (
	"slices"
	"sort"
)

// DependentsRow is a row of `eddy-dependents-table`, keyed by [Target]. Exactly one field is set.
type DependentsRow struct {
	Target *TargetRow
	Chunk  *ChunkRow
	// Parts says that the key is that of a chunk that was split, and which of its buckets exist: what comes to it goes on to them.
	Parts Bits
}

// TargetRow is the reverse index of one target and what has passed through it. Links of up to [InlineEdges] per source
// wiki are here, more are in chunks. Visits are bounded: see [TargetRow.AddVisit].
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
	// Direct says that links came through which a walk goes that comes from beyond: redirects, and links of renderings that list
	// only what their own text names.
	Direct bool
	// Told is what the holder was told of that.
	Told    Told
	Roots   int64   // how many changes of the title itself came
	Passed  int64   // how many cascades visited the row
	Visits  []Visit // the last first
	Sources []SourceEdges
}

// Bounds of a target's row, which does not grow with the number of its users, and of its chunks.
const (
	// InlineEdges is how many links of one source wiki a row holds itself, PendingEdges how many updates of a wiki's chunks it collects.
	InlineEdges  = 512
	PendingEdges = 256
	// RowBytes is how large the links, and the updates, of all wikis together may be in a row; see [ChunkEdge.Size].
	RowBytes = 128 << 10
	// MaxChunks is how many ranges a row has at most, and how many of a wiki are side by side: a set of one bit each. What is outside is in buckets.
	MaxChunks = 1 << 14
	// BucketEdges is how many links a bucket has before it is split, and ChunkBytes how large the names of the hubs of any chunk may be: a range has
	// as many links as ids, and these are few bytes.
	BucketEdges = 4096
	ChunkBytes  = 128 << 10
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
	Chunks  IDSet       // the indexes of the ranges that exist
	Parts   Bits        // the buckets that exist of ids that have no range
	Pending []ChunkEdge // updates not handed to the chunks yet, oldest first
}

// NumChunks is how many chunks the row names: ranges, and buckets beside them.
func (s *SourceEdges) NumChunks() int { return len(s.Chunks) + s.Parts.Len() }

// ChunkAt returns number i of them. What is added later stands behind it, or moves it further.
func (s *SourceEdges) ChunkAt(key Target, i int) Target {
	if i < len(s.Chunks) {
		return key.ChunkOf(s.Wiki, s.Width, s.Chunks[i])
	}
	i -= len(s.Chunks)
	for n := range Fork {
		if s.Parts.Has(n) {
			if i == 0 {
				return key.RootOf(s.Wiki).Part(n)
			}
			i--
		}
	}
	panic("tables: no such chunk")
}

// ChunkRow holds the links from some of one wiki's pages: those of a [Chunk].
type ChunkRow struct {
	Edges Edges
}

// Route returns the chunk to which updates of a page go, which exists from then on. That of a page never changes: no range is added once there
// are buckets. Where there are to be only ranges, one may always be added before that.
func (r *TargetRow) Route(key Target, s *SourceEdges, page int64, onlyRanges bool) Target {
	index := page >> s.Width
	if s.Chunks.Has(index) || len(s.Parts) == 0 && (onlyRanges || r.room(s, index)) {
		s.Chunks, _ = s.Chunks.With(index)
		return key.ChunkOf(s.Wiki, s.Width, index)
	}
	root := key.RootOf(s.Wiki)
	n := root.Chunk.PartOf(page)
	s.Parts.Add(n)
	return root.Part(n)
}

// room reports whether the row can have another range.
func (r *TargetRow) room(s *SourceEdges, index int64) bool {
	n := 0
	for i := range r.Sources {
		n += len(r.Sources[i].Chunks)
	}
	if n >= MaxChunks {
		return false
	}
	c := s.Chunks
	return len(c) == 0 || max(c[len(c)-1], index)-min(c[0], index) < MaxChunks
}

// Heaviest returns the source whose links or updates are the largest part of what is too large together, as size has it; nil: it is not.
func (r *TargetRow) Heaviest(size func(*SourceEdges) int) *SourceEdges {
	var most *SourceEdges
	sum, largest := 0, -1
	for i := range r.Sources {
		s := &r.Sources[i]
		n := size(s)
		if sum += n; n > largest {
			most, largest = s, n
		}
	}
	if sum <= RowBytes {
		return nil
	}
	return most
}

// Source returns the edges of wiki, added if they are missing.
func (r *TargetRow) Source(wiki string) *SourceEdges {
	i := sort.Search(len(r.Sources), func(i int) bool { return r.Sources[i].Wiki >= wiki })
	if i == len(r.Sources) || r.Sources[i].Wiki != wiki {
		r.Sources = slices.Insert(r.Sources, i, SourceEdges{Wiki: wiki})
	}
	return &r.Sources[i]
}
