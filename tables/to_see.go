package tables

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// ToSee is what a rendering must have seen of the root of a cascade to show its change, in some 15 bytes: 7 of hashes of the root and of the page that
// had it then, and two numbers. It is empty of a cascade of before v2.
type ToSee []byte

// Root is a hash of a title, of 48 bits: few enough to be kept for each open cascade of each chunk, and so many that of a thousand links and the
// open cascades of a chunk two are taken for one in a thousand million renderings, if they differ in what was seen.
type Root uint64

// RootOf is the hash of a title.
func RootOf(t Title) Root {
	data := make([]byte, 0, 128)
	return Root(xxhash.Sum64(t.appendTo(data)) >> 16)
}

// holder is a hash of a page that has a title, of 8 bits: 0 is that of none. It need not tell pages apart that revisions do.
func holder(page int64) byte {
	if page <= 0 {
		return 0
	}
	var id [8]byte
	binary.LittleEndian.PutUint64(id[:], uint64(page))
	return byte(1 + xxhash.Sum64(id[:])%255)
}

// The bits of a [ToSee] beside the order.
const (
	toSeeRevises = 1 << iota
	toSeeContent
	toSeeBlind // nobody knows what there is to see
	toSeeFlags = 3
)

const toSeeHead = 7

// ToSeeOf is what there is to see of a cascade by the pages of a chunk.
func ToSeeOf(c *Cascade, chunk PageKey) ToSee {
	if c.Order <= 0 || c.Rev < 0 {
		return nil
	}
	s := make(ToSee, 8, toSeeHead+2*binary.MaxVarintLen64)
	binary.LittleEndian.PutUint64(s, uint64(RootOf(c.RootTitle())))
	s = s[:toSeeHead]
	s[toSeeHead-1] = holder(c.Page)
	order := uint64(c.Order) << toSeeFlags
	if c.Kind.Revises() {
		order |= toSeeRevises
	}
	if c.Kind == ChangeContent || c.Kind == ChangeFile || c.Kind == ChangeRedirect || c.Latest > c.Rev {
		order |= toSeeContent
	}
	if c.Page == 0 {
		return binary.AppendUvarint(s, order|toSeeBlind)
	}
	s = binary.AppendUvarint(binary.AppendUvarint(s, order), uint64(max(c.Rev, c.Latest)))
	if own := (PageKey{Wiki: c.Wiki, ID: c.Page}); own.Chunk() == chunk {
		s = append(s, byte(c.Page))
	}
	return s
}

// toSee is a [ToSee] that was read.
type toSee struct {
	root   Root
	holder byte
	flags  uint64
	order  int64
	rev    int64
	own    []byte // empty, or an offset
}

func (s ToSee) read() (t toSee, known bool) {
	if len(s) <= toSeeHead {
		return t, false
	}
	var root [8]byte
	copy(root[:], s[:toSeeHead-1])
	flags, n := binary.Uvarint(s[toSeeHead:])
	if n <= 0 {
		return t, false
	}
	t = toSee{root: Root(binary.LittleEndian.Uint64(root[:])), holder: s[toSeeHead-1], flags: flags, order: int64(flags >> toSeeFlags)}
	if flags&toSeeBlind != 0 {
		return t, true
	}
	rev, m := binary.Uvarint(s[toSeeHead+n:])
	if m <= 0 {
		return t, false
	}
	t.rev, t.own = int64(rev), s[toSeeHead+n+m:]
	return t, true
}

// Own reports whether the page of a chunk that has this offset is the one that had the title: what it saw there says nothing.
func (s ToSee) Own(offset byte) bool {
	t, _ := s.read()
	return len(t.own) > 0 && t.own[0] == offset
}

// Root is the title that changed, and order the [Cascade.Order] of the change; false: it is not known.
func (s ToSee) Root() (root Root, order int64, known bool) {
	t, known := s.read()
	return t.root, t.order, known
}

// Link returns what a link of a rendering to the root tells: the page that it saw there, 0: none, and the revision; 0: not said.
func (s ToSee) Link(t LinkType, page, rev int64) Evidence {
	want, known := s.read()
	if !known || want.flags&toSeeBlind != 0 {
		return Silent
	}
	revises, content := want.flags&toSeeRevises != 0, want.flags&toSeeContent != 0
	shows := t == LinkTemplate || t == LinkImage // else it tells only whether there is a page
	changed, left := want.rev, want.holder
	switch same := left == holder(page); {
	case shows && content && revises && rev != 0 && rev >= changed:
		return Current // of whatever page: the revisions of a wiki rise
	case page == 0 && !same:
		return Another
	case page == 0:
		return Current // both say that there is no page
	case same && !shows && !content:
		return Current
	case !shows || rev == 0:
		return Silent // of another page, too: it may have come since
	case same && (rev == changed || revises && rev > changed):
		return Current
	case !same && (revises && rev < changed || left == 0 && rev <= changed):
		return Another // of before, or the very one that went
	case revises && rev < changed:
		return Former
	}
	return Silent
}

// Evidence is what a link tells of a change of its target by what its rendering saw there; the later ones go before.
type Evidence uint8

// What a link may tell.
const (
	Silent  Evidence = iota // nothing: the times decide
	Current                 // it saw the title as the change left it, or later
	Another                 // it saw another page than the change left there, or none
	Former                  // it saw an earlier revision
)
