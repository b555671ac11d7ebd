package tables

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
)

// IDSet is a set of page ids: sorted, without repeats. Page ids of MediaWiki are unsigned 32-bit integers.
type IDSet []uint32

// ErrIDSet says that bytes are not an encoded [IDSet].
var ErrIDSet = errors.New("malformed set of page ids")

// Has reports whether id is in s.
func (s IDSet) Has(id uint32) bool {
	_, ok := slices.BinarySearch(s, id)
	return ok
}

// With returns s with id, reusing its memory, and whether id was new.
func (s IDSet) With(id uint32) (IDSet, bool) {
	if n := len(s); n == 0 || s[n-1] < id {
		return append(s, id), true
	}
	i, ok := slices.BinarySearch(s, id)
	if ok {
		return s, false
	}
	return slices.Insert(s, i, id), true
}

// Without returns s without id, reusing its memory, and whether id was there.
func (s IDSet) Without(id uint32) (IDSet, bool) {
	i, ok := slices.BinarySearch(s, id)
	if !ok {
		return s, false
	}
	return slices.Delete(s, i, i+1), true
}

// The two layouts of an encoded set, its first byte. Both begin with the base, a uvarint; deltas are uvarints of the
// distance to the id before, less one; a bitmap has bit i of byte i/8 for the id base+i.
const (
	idDeltas = 0
	idBitmap = 1
)

// AppendIDSet appends the shorter of a delta-coded list and a bitmap to dst. The empty set has no bytes.
func AppendIDSet(dst []byte, s IDSet) []byte {
	if len(s) == 0 {
		return dst
	}
	deltas := 0
	for i := 1; i < len(s); i++ {
		deltas += uvarintLen(uint64(s[i] - s[i-1] - 1))
	}
	span := uint64(s[len(s)-1]-s[0]) + 1
	if bitmap := int((span + 7) / 8); bitmap < deltas {
		dst = append(dst, idBitmap)
		dst = binary.AppendUvarint(dst, uint64(s[0]))
		at := len(dst)
		dst = append(dst, make([]byte, bitmap)...)
		for _, id := range s {
			dst[at+int((id-s[0])/8)] |= 1 << ((id - s[0]) % 8)
		}
		return dst
	}
	dst = append(dst, idDeltas)
	dst = binary.AppendUvarint(dst, uint64(s[0]))
	for i := 1; i < len(s); i++ {
		dst = binary.AppendUvarint(dst, uint64(s[i]-s[i-1]-1))
	}
	return dst
}

// DecodeIDSet is the inverse of [AppendIDSet]. Its errors wrap [ErrIDSet].
func DecodeIDSet(data []byte) (IDSet, error) {
	if len(data) == 0 {
		return nil, nil
	}
	layout := data[0]
	base, n := binary.Uvarint(data[1:])
	if n <= 0 || base > maxID {
		return nil, fmt.Errorf("%w: base", ErrIDSet)
	}
	rest := data[1+n:]
	switch layout {
	case idDeltas:
		return decodeDeltas(base, rest)
	case idBitmap:
		return decodeBitmap(base, rest)
	default:
		return nil, fmt.Errorf("%w: layout %d", ErrIDSet, layout)
	}
}

const maxID = 1<<32 - 1

func decodeDeltas(base uint64, rest []byte) (IDSet, error) {
	s := make(IDSet, 1, 1+len(rest))
	s[0] = uint32(base)
	for len(rest) > 0 {
		d, n := binary.Uvarint(rest)
		if n <= 0 || d > maxID || base+d+1 > maxID {
			return nil, fmt.Errorf("%w: delta", ErrIDSet)
		}
		base += d + 1
		s = append(s, uint32(base))
		rest = rest[n:]
	}
	return s, nil
}

func decodeBitmap(base uint64, rest []byte) (IDSet, error) {
	count := 0
	for _, b := range rest {
		count += bits.OnesCount8(b)
	}
	s := make(IDSet, 0, count)
	for i, b := range rest {
		for ; b != 0; b &= b - 1 {
			id := base + uint64(i)*8 + uint64(bits.TrailingZeros8(b))
			if id > maxID {
				return nil, fmt.Errorf("%w: bit beyond 32-bit ids", ErrIDSet)
			}
			s = append(s, uint32(id))
		}
	}
	return s, nil
}

func uvarintLen(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }
