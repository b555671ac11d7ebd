package tables

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// CascadeUpdate takes one progress record into the rows of a cascade: [CascadeUpdate.Note] and Count, then Save, which makes the sums.
//
// A crash between the writes of rows may leave each of them with more or less of the log in it. The records are then processed again, in the
// order of the log; all that they say are sets, maxima and latest values, so that every row comes out right in the end. Until then the rows together
// may say what never was so: that a message is done, and not yet what it sent. Nor does a single row that has gone ahead of the log, when it gets a chunk's
// latest counts from before. So each has the place in the log that it has come to, and nothing may be concluded before that place is reached again; see
// [CascadeUpdate.Whole].
type CascadeUpdate struct {
	Row *CascadeRow
	// Part reads the part with a path, nil if there is none.
	Part func(path string) (*CascadePart, error)
	// Room is how many messages, and how many chunks, a row holds.
	Room int
	// At is the record's place in the log of progress.
	At int64

	parts map[string]*CascadePart // those touched, by path
}

// PlaceOf is the place in a log of the record at an offset, and at an index in its pack, of which there are less than a million.
func PlaceOf(offset int64, index int) int64 { return offset<<20 | int64(index) }

// Note adds what a progress record says of messages; root is the id of the walk of the root's own row. All of it are sets,
// so that a repeat changes nothing.
func (u *CascadeUpdate) Note(p *Progress, root int64) error {
	u.Row.Rooted = u.Row.Rooted || p.Walked && p.Message == root
	u.Row.Strays = u.Row.Strays || !p.Walked && p.Asks.Len()+len(p.Walks) > 0
	for _, id := range p.Walks {
		if err := u.note(id, func(m *MessageState) { m.Sent = true }); err != nil {
			return err
		}
	}
	if p.Message == 0 {
		return nil
	}
	return u.note(p.Message, func(m *MessageState) {
		m.Walked = m.Walked || p.Walked
		m.Asks.Union(p.Asks)
		m.Asked.Union(p.Asked)
	})
}

func (u *CascadeUpdate) note(id int64, change func(*MessageState)) error {
	if u.Row.index.note(&u.Row.Messages, u.Room, id, change) {
		return nil
	}
	return u.place(MessageParts, uint64(id), func(p *CascadePart, room int) bool {
		return p.index.note(&p.Messages, room, id, change)
	})
}

// Count sets the counts of a chunk.
func (u *CascadeUpdate) Count(c ChunkProgress) error {
	if was, is, ok := countIn(&u.Row.Chunks, u.Room, c); ok {
		u.Row.Asked += int64(is.Asked - was.Asked)
		u.Row.Outstanding += int64(is.Outstanding - was.Outstanding)
		u.Row.Abandoned += int64(is.Abandoned - was.Abandoned)
		return nil
	}
	return u.place(ChunkParts, c.place(), func(p *CascadePart, room int) bool {
		_, _, ok := countIn(&p.Chunks, room, c)
		return ok
	})
}

// place is a hash of the chunk. Below the fourth level it tells neighbours apart: what is asked for together is near each other in a few parts.
func (c ChunkProgress) place() uint64 {
	var d xxhash.Digest
	d.Reset()
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(c.Chunk>>14))
	_, _ = d.WriteString(c.Wiki) // a hash never fails
	_, _ = d.Write(b[:])
	h := d.Sum64()
	return h&^(1<<40-1) | uint64(c.Chunk>>8&63)<<34 | h&(1<<34-1)
}

const (
	digitBits  = 6
	partLevels = 10 // and no hash left; the parts of the last one have room for all that come
)

// place has the entry with a hash put into the first part on its way down that knows it or has room.
func (u *CascadeUpdate) place(kind string, hash uint64, put func(p *CascadePart, room int) bool) error {
	path := []byte(kind)
	for level := 1; ; level++ {
		digit := hash >> (64 - digitBits)
		hash <<= digitBits
		path = append(path, hexDigits[digit>>4], hexDigits[digit&15])
		p, err := u.part(string(path))
		if err != nil {
			return err
		}
		room := u.Room
		if level == partLevels {
			room = 1 << 30
		}
		if put(p, room) {
			return nil
		}
	}
}

const hexDigits = "0123456789abcdef"

// pathDigits is how many characters of a path a level has.
const pathDigits = 2

// digit is the last one of a path.
func digit(path string) int32 {
	high, low := strings.IndexByte(hexDigits, path[len(path)-2]), strings.IndexByte(hexDigits, path[len(path)-1])
	return int32(high<<4 | low)
}

func (u *CascadeUpdate) part(path string) (*CascadePart, error) {
	if p := u.parts[path]; p != nil {
		return p, nil
	}
	p, err := u.Part(path)
	if err != nil {
		return nil, err
	}
	if p == nil {
		p = &CascadePart{}
	}
	if u.parts == nil {
		u.parts = map[string]*CascadePart{}
	}
	u.parts[path] = p
	return p, nil
}

// Save makes the sums, and calls set for each part that was touched. The row is left to whoever has it.
func (u *CascadeUpdate) Save(set func(path string, p *CascadePart) error) error {
	r := u.Row
	r.At = max(r.At, u.At)
	paths := slices.SortedFunc(maps.Keys(u.parts), func(a, b string) int { // the lowest first
		return cmp.Or(len(b)-len(a), strings.Compare(a, b))
	})
	for _, path := range paths {
		p, above := u.parts[path], path[:len(path)-pathDigits]
		p.At = max(p.At, u.At)
		r.At = max(r.At, p.At)
		s := p.sum(digit(path))
		switch above {
		case MessageParts:
			putSum(&r.MessageParts, s)
		case ChunkParts:
			was := putSum(&r.ChunkParts, s)
			r.Asked += s.Asked - was.Asked
			r.Outstanding += s.Outstanding - was.Outstanding
			r.Abandoned += s.Abandoned - was.Abandoned
		default:
			putSum(&u.parts[above].Parts, s)
		}
		if err := set(path, p); err != nil {
			return err
		}
	}
	return nil
}

// Whole reports, once saved, whether the rows have in them what is in the log up to the record, and nothing else: only then they mean what they say.
func (u *CascadeUpdate) Whole() bool { return u.At >= u.Row.At }
