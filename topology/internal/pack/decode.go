package pack

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Bounds of what is allocated before it is known to be there: beyond them memory grows with what has been read.
const (
	expectEntries = 4096
	expectHeaders = 1024
	expectNames   = 16
)

// Decode appends the messages of a body to dst, with Packed and their Index set; the topic, the partition and the offset are the
// caller's to set. Keys and values share memory with the body, but for values that begin with the pack's prefix, which are in one
// allocation of their own: the body must not be changed afterwards. The error wraps [ErrDecode]; dst is then returned as it was.
func Decode(body []byte, dst []kernel.Message) ([]kernel.Message, error) {
	d := decoder{body: body, entry: -1}
	count := d.head()
	if d.err != nil {
		return dst, d.err
	}
	out := slices.Grow(dst, min(count, expectEntries))
	for d.entry = range count {
		out = append(out, kernel.Message{Packed: true, Index: d.entry})
		d.message(&out[len(out)-1])
		if d.err != nil {
			return dst, d.err
		}
	}
	d.end()
	if d.err != nil {
		return dst, d.err
	}
	return out, nil
}

// decoder reads a body. What it reads after its first error is nothing.
type decoder struct {
	body  []byte
	at    int
	entry int // -1: the head
	err   error

	time     int64 // of the last entry
	prefix   []byte
	restored []byte // values with their prefix; its capacity is what the head says
	headers  []kernel.Header
	names    []string // keys of headers, each once
}

func (d *decoder) failf(format string, args ...any) {
	if d.err != nil {
		return
	}
	where := "head"
	if d.entry >= 0 {
		where = fmt.Sprintf("entry %d", d.entry)
	}
	d.err = fmt.Errorf("%w: %s, byte %d: %s", ErrDecode, where, d.at, fmt.Sprintf(format, args...))
}

// head reads what is before the entries and returns how many there are.
func (d *decoder) head() int {
	if v := d.byte("version"); d.err == nil && v != version {
		d.at = 0
		d.failf("version %d is not known, only %d", v, version)
	}
	count := d.number("count")
	d.time = d.varint("time")
	headers := d.number("number of headers")
	restored := d.number("size of restored values")
	if restored > 0 {
		d.prefix = d.take(prefixSize, "prefix")
	}
	left := len(d.body) - d.at
	switch {
	case d.err != nil:
	case count == 0:
		d.failf("there are no entries")
	case count > left:
		d.failf("%d entries cannot be in %d bytes", count, left)
	case headers > left:
		d.failf("%d headers cannot be in %d bytes", headers, left)
	case restored > left+prefixSize*count:
		d.failf("%d bytes of values cannot come of %d entries in %d bytes", restored, count, left)
	default:
		if restored > 0 {
			d.restored = make([]byte, 0, restored)
		}
		if headers > 0 {
			d.headers = make([]kernel.Header, 0, min(headers, expectHeaders))
		}
	}
	return count
}

// message reads one entry.
func (d *decoder) message(m *kernel.Message) {
	flags := d.byte("byte of flags")
	if flags&^allFlags != 0 {
		d.at--
		d.failf("flags %#x are not known, only %#x", flags, allFlags)
		return
	}
	if flags&flagTime != 0 {
		d.time += d.varint("time")
	}
	m.Timestamp = time.UnixMilli(d.time)
	if flags&flagNoKey == 0 {
		m.Key = d.bytes("key")
	}
	if flags&flagTombstone == 0 {
		m.Value = d.bytes("value")
		if flags&flagPrefix != 0 {
			m.Value = d.restore(m.Value)
		}
	} else if flags&flagPrefix != 0 {
		d.failf("a tombstone has no prefix")
	}
	if flags&flagHeaders != 0 {
		m.Headers = d.readHeaders()
	}
}

// restore gives a value its prefix back.
func (d *decoder) restore(rest []byte) []byte {
	start, size := len(d.restored), prefixSize+len(rest)
	if d.err != nil {
		return nil
	}
	if size > cap(d.restored)-start {
		d.failf("values with the prefix have more than the %d bytes that the head says", cap(d.restored))
		return nil
	}
	d.restored = append(append(d.restored, d.prefix...), rest...)
	return d.restored[start : start+size : start+size]
}

func (d *decoder) readHeaders() []kernel.Header {
	n := d.number("number of headers")
	if left := len(d.body) - d.at; d.err == nil && (n == 0 || n > left) {
		d.failf("%d headers cannot be in %d bytes", n, left)
	}
	start := len(d.headers)
	for range n {
		h := kernel.Header{Key: d.name(d.bytes("key of a header"))}
		switch has := d.byte("presence of a header's value"); {
		case d.err != nil:
			return nil
		case has == 1:
			h.Value = d.bytes("value of a header")
		case has != 0:
			d.at--
			d.failf("the presence of a header's value is %d, not 0 or 1", has)
		}
		if d.err != nil {
			return nil
		}
		d.headers = append(d.headers, h)
	}
	// Where the slice has moved since, earlier messages keep the array that they had.
	return slices.Clip(d.headers[start:])
}

// name is the key of a header as a string. Packs have few different ones.
func (d *decoder) name(key []byte) string {
	for _, known := range d.names {
		if known == string(key) {
			return known
		}
	}
	name := string(key)
	if len(d.names) < expectNames {
		d.names = append(d.names, name)
	}
	return name
}

// end checks what the head says of all entries together.
func (d *decoder) end() {
	switch left := len(d.body) - d.at; {
	case left > 0:
		d.failf("%d bytes are left over", left)
	case len(d.restored) < cap(d.restored):
		d.failf("values with the prefix have %d bytes, and not the %d that the head says", len(d.restored), cap(d.restored))
	}
}

func (d *decoder) byte(what string) byte {
	if b := d.take(1, what); len(b) == 1 {
		return b[0]
	}
	return 0
}

// number reads a uvarint that counts something in memory; more than that is an error.
func (d *decoder) number(what string) int {
	n, ok := d.uvarint()
	if !ok {
		d.failf("the %s is no number", what)
	}
	return n
}

func (d *decoder) uvarint() (int, bool) {
	if d.err != nil {
		return 0, false
	}
	n, size := binary.Uvarint(d.body[d.at:])
	if size <= 0 || n > math.MaxInt32 {
		return 0, false
	}
	d.at += size
	return int(n), true
}

func (d *decoder) varint(what string) int64 {
	if d.err != nil {
		return 0
	}
	n, size := binary.Varint(d.body[d.at:])
	if size <= 0 {
		d.failf("the %s is no number", what)
		return 0
	}
	d.at += size
	return n
}

func (d *decoder) bytes(what string) []byte {
	n, ok := d.uvarint()
	if !ok {
		d.failf("the length of the %s is no number", what)
	}
	return d.take(n, what)
}

// take is the next n bytes.
func (d *decoder) take(n int, what string) []byte {
	if d.err != nil {
		return nil
	}
	if left := len(d.body) - d.at; n > left {
		d.failf("the %s needs %d bytes, and %d are left", what, n, left)
		return nil
	}
	b := d.body[d.at : d.at+n : d.at+n]
	d.at += n
	return b
}
