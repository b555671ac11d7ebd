package tables

import "math/bits"

// Bits is a set of small numbers: bit i of byte i/8. It grows as needed; a nil set is empty.
type Bits []byte

// Has reports whether i is in b.
func (b Bits) Has(i int) bool { return i/8 < len(b) && b[i/8]>>(i%8)&1 == 1 }

// Add puts i into b.
func (b *Bits) Add(i int) {
	for len(*b) <= i/8 {
		*b = append(*b, 0)
	}
	(*b)[i/8] |= 1 << (i % 8)
}

// Remove takes i out of b.
func (b Bits) Remove(i int) {
	if i/8 < len(b) {
		b[i/8] &^= 1 << (i % 8)
	}
}

// Union puts all of o into b.
func (b *Bits) Union(o Bits) {
	for len(*b) < len(o) {
		*b = append(*b, 0)
	}
	for i, v := range o {
		(*b)[i] |= v
	}
}

// Covers reports whether all of o is in b.
func (b Bits) Covers(o Bits) bool {
	for i, v := range o {
		if i < len(b) {
			v &^= b[i]
		}
		if v != 0 {
			return false
		}
	}
	return true
}

// Len returns the number of elements.
func (b Bits) Len() int {
	n := 0
	for _, v := range b {
		n += bits.OnesCount8(v)
	}
	return n
}
