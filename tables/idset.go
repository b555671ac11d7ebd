package tables

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// IDSet is a set of page ids, or of indexes of chunks: sorted, without repeats, none negative.
type IDSet []int64

// ErrIDSet says that bytes are not an encoded [IDSet].
var ErrIDSet = errors.New("malformed set of page ids")

// Has reports whether id is in s.
func (s IDSet) Has(id int64) bool {
	_, ok := slices.BinarySearch(s, id)
	return ok
}

// With returns s with id, reusing its memory, and whether id was new.
func (s IDSet) With(id int64) (IDSet, bool) {
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
func (s IDSet) Without(id int64) (IDSet, bool) {
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
	deltas := uint64(0)
	for i := 1; i < len(s); i++ {
		deltas += uint64(uvarintLen(uint64(s[i] - s[i-1] - 1)))
	}
	span := uint64(s[len(s)-1]-s[0]) + 1
	if bitmap := (span + 7) / 8; bitmap < deltas {
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

const maxID = math.MaxInt64

func decodeDeltas(base uint64, rest []byte) (IDSet, error) {
	s := make(IDSet, 1, 1+uvarints(rest))
	s[0] = int64(base)
	for i := 0; i < len(rest); {
		d := uint64(rest[i]) // as a rule it is one byte
		if i++; d >= 0x80 {
			var n int
			if d, n = binary.Uvarint(rest[i-1:]); n <= 0 {
				return nil, fmt.Errorf("%w: delta", ErrIDSet)
			}
			i += n - 1
		}
		if d >= maxID-base {
			return nil, fmt.Errorf("%w: id beyond 63 bits", ErrIDSet)
		}
		base += d + 1
		s = append(s, int64(base))
	}
	return s, nil
}

// uvarints counts the uvarints in data: the last byte of each has no top bit.
func uvarints(data []byte) (n int) {
	const top = 0x8080808080808080
	for ; len(data) >= 8; data = data[8:] {
		n += bits.OnesCount64(^binary.LittleEndian.Uint64(data) & top)
	}
	for _, b := range data {
		n += int(^b >> 7)
	}
	return n
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
				return nil, fmt.Errorf("%w: id beyond 63 bits", ErrIDSet)
			}
			s = append(s, int64(id))
		}
	}
	return s, nil
}

func uvarintLen(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }
