package pack

import "time"

// exactTime returns the time that a record has in the log. The client makes it of milliseconds by nanoseconds, whose 64 bits hold some centuries:
// of any other time what is left is milliseconds times a million, modulo 2^64. A million is 2^6 times an odd number, which has an inverse;
// so the milliseconds are known modulo 2^58, which holds more years than there are.
func exactTime(t time.Time) time.Time {
	n := t.UnixNano()
	if n%nanosPerMilli == 0 {
		return t
	}
	const bits = 58
	ms := int64((uint64(n) >> 6) * inverse) // modulo 2^58, after the next line
	ms = ms << (64 - bits) >> (64 - bits)
	return time.UnixMilli(ms)
}

const nanosPerMilli = int64(time.Millisecond)

// inverse is that of 15625, which is a million without its factors 2, modulo 2^64. Each step doubles the bits that are right; three are to begin with.
var inverse = func() uint64 {
	const odd = uint64(nanosPerMilli >> 6)
	x := odd
	for range 5 {
		x *= 2 - odd*x
	}
	return x
}()
