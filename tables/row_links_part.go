package tables

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/eddystream/eddy/codecs"
)

// LinksBytes is how many bytes of links, about, the row of a page, or a part of them, holds where nothing else is said.
const LinksBytes = 32 << 10

// MaxLinksBytes is the greatest number that may be said.
const MaxLinksBytes = 256 << 10

// LinksPart holds links of a rendering that has more than a row has room for: the row of `eddy-links-parts-changelog`.
//
// A rendering's links are in order, and so are its parts. Where one ends a hash of its last link says, so a link that comes or goes changes the
// part that it is in, and rarely the next. A part is named by what is in it: it is written once, shared by the renderings that have it, and never
// changed, so whoever finds all parts that a row names has the links of one rendering.
type LinksPart struct {
	Links []Link `avro:"links"`
}

// LinksPartKey names a part: its page, and its name.
type LinksPartKey = codecs.Pair[PageKey, string]

// LinksPartKeys is the codec of the keys of parts. They are in the partition of their page.
func LinksPartKeys() codecs.Codec[LinksPartKey] {
	return codecs.PairOf(PageKeys(), codecs.String[string]())
}

// LinksPartName spells the name of a part.
func LinksPartName(name int64) string { return fmt.Sprintf("%016x", uint64(name)) }

// Name is a hash of the links.
func (p *LinksPart) Name() int64 {
	var d xxhash.Digest
	d.Reset()
	for _, l := range p.Links {
		l.hash(&d)
	}
	return int64(d.Sum64())
}

func (l Link) hash(d *xxhash.Digest) {
	var b [26]byte
	b[0] = byte(l.Type)
	if l.PageOnly {
		b[1] = 1
	}
	binary.LittleEndian.PutUint32(b[2:], uint32(l.Namespace))
	binary.LittleEndian.PutUint64(b[6:], uint64(l.Page))
	binary.LittleEndian.PutUint64(b[14:], uint64(l.Rev))
	binary.LittleEndian.PutUint32(b[22:], uint32(len(l.Text)))
	_, _ = d.Write(b[:]) // a hash never fails
	_, _ = d.WriteString(l.Text)
}

// size is what the link takes in a row, at most about.
func (l Link) size() int { return len(l.Text) + 20 }

// Fits reports whether a row has room for the links: no more than room bytes.
func (s *RenderState) Fits(room int) bool {
	for _, l := range s.Links {
		if room -= l.size(); room < 0 {
			return false
		}
	}
	return true
}

// Split returns the links in parts of about half of room bytes; none but a single link is larger than room.
func (s *RenderState) Split(room int) (parts []*LinksPart) {
	rest := s.Links
	for len(rest) > 0 {
		n := partEnd(rest, room)
		parts = append(parts, &LinksPart{Links: rest[:n:n]})
		rest = rest[n:]
	}
	return parts
}

// partEnd is the number of links in the first part: a quarter of the room at least, then to a link whose hash says so, as one in as many does as take
// another quarter.
func partEnd(links []Link, room int) int {
	var d xxhash.Digest
	size := 0
	for i, l := range links {
		if size += l.size(); size > room {
			return max(i, 1)
		}
		if size < room/4 {
			continue
		}
		d.Reset()
		_, _ = d.WriteString(l.Text)
		if d.Sum64()%uint64(room/4+1) < uint64(l.size()) {
			return i + 1
		}
	}
	return len(links)
}

// PartNames are the names of the parts that the row has links in, of both of its renderings.
func (r *LinksRow) PartNames() []int64 {
	var names []int64
	for _, s := range [...]*RenderState{r.Render, r.Older} {
		if s != nil {
			names = append(names, s.Parts...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Fill returns the row with the links that are in parts; if there are none it is r itself. Where a part is missing, whole is false and so are its
// links: for a moment, as tables are written one after the other, and for whoever goes on behind a crash in that moment.
func (r *LinksRow) Fill(part func(name int64) (*LinksPart, bool, error)) (row *LinksRow, whole bool, err error) {
	if len(r.PartNames()) == 0 {
		return r, true, nil
	}
	row, whole = new(*r), true
	for _, s := range [...]**RenderState{&row.Render, &row.Older} {
		if *s == nil || len((*s).Parts) == 0 {
			continue
		}
		*s = new(**s)
		(*s).Links = nil
		for _, name := range (*s).Parts {
			p, found, err := part(name)
			if err != nil {
				return nil, false, err
			}
			if whole = whole && found; found {
				(*s).Links = append((*s).Links, p.Links...)
			}
		}
	}
	return row, whole, nil
}
