package pack

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"time"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

// Builder collects the messages of one record. The zero value is ready for use. It copies what it is given, and keeps its memory when
// it is reset. It is not safe for concurrent use.
type Builder struct {
	// Limit is the size in bytes that a body does not exceed unless a single message does, for topics that take less than
	// [MaxBytes]. Defaults to MaxBytes.
	Limit int

	entries  []byte
	count    int
	first    int64 // times in milliseconds: of the first entry,
	last     int64 // of the last one,
	newest   int64 // and the greatest
	headers  int
	restored int // bytes
	prefix   [prefixSize]byte
}

// Add adds a message. If the body could then be larger than the limit it adds nothing and returns false; a builder without messages takes
// one of any size. A nil key, a nil value and nil values of headers stay distinct from empty ones. The time loses what is below a
// millisecond.
func (b *Builder) Add(key, value []byte, timestamp time.Time, headers []kernel.Header) bool {
	if b.count > 0 && maxHead+len(b.entries)+bound(key, value, headers) > cmp.Or(b.Limit, MaxBytes) {
		return false
	}
	at := timestamp.UnixMilli()
	if b.count == 0 {
		b.first, b.last, b.newest = at, at, at
	}
	start, flags := len(b.entries), byte(0)
	b.entries = append(b.entries, 0)
	entry := b.entries
	if at != b.last {
		flags |= flagTime
		entry = binary.AppendVarint(entry, at-b.last)
		b.last, b.newest = at, max(b.newest, at)
	}
	if key == nil {
		flags |= flagNoKey
	} else {
		entry = appendBytes(entry, key)
	}
	switch {
	case value == nil:
		flags |= flagTombstone
	case b.shares(value):
		flags |= flagPrefix
		b.restored += len(value)
		entry = appendBytes(entry, value[prefixSize:])
	default:
		entry = appendBytes(entry, value)
	}
	if len(headers) > 0 {
		flags |= flagHeaders
		b.headers += len(headers)
		entry = appendHeaders(entry, headers)
	}
	entry[start] = flags
	b.entries = entry
	b.count++
	return true
}

// shares reports whether a value begins with the prefix of the pack, which is that of the first value that has one.
func (b *Builder) shares(value []byte) bool {
	if b.restored > 0 {
		return bytes.HasPrefix(value, b.prefix[:])
	}
	if !single(value) {
		return false
	}
	copy(b.prefix[:], value)
	return true
}

// bound is at least what a message adds to a body.
func bound(key, value []byte, headers []kernel.Header) int {
	n := maxFixed + len(key) + len(value)
	for _, h := range headers {
		n += maxFixedHeader + len(h.Key) + len(h.Value)
	}
	return n
}

func appendBytes(buf, data []byte) []byte {
	return append(binary.AppendUvarint(buf, uint64(len(data))), data...)
}

func appendHeaders(buf []byte, headers []kernel.Header) []byte {
	buf = binary.AppendUvarint(buf, uint64(len(headers)))
	for _, h := range headers {
		buf = append(binary.AppendUvarint(buf, uint64(len(h.Key))), h.Key...)
		if h.Value == nil {
			buf = append(buf, 0)
			continue
		}
		buf = appendBytes(append(buf, 1), h.Value)
	}
	return buf
}

// Len is the number of messages.
func (b *Builder) Len() int { return b.count }

// Size is the size of the body in bytes; 0 without messages.
func (b *Builder) Size() int {
	if b.count == 0 {
		return 0
	}
	var head [maxHead]byte
	return len(b.appendHead(head[:0])) + len(b.entries)
}

// AppendTo appends the body to dst; without messages, nothing.
func (b *Builder) AppendTo(dst []byte) []byte {
	if b.count == 0 {
		return dst
	}
	return append(b.appendHead(dst), b.entries...)
}

func (b *Builder) appendHead(dst []byte) []byte {
	dst = append(dst, version)
	dst = binary.AppendUvarint(dst, uint64(b.count))
	dst = binary.AppendVarint(dst, b.first)
	dst = binary.AppendUvarint(dst, uint64(b.headers))
	dst = binary.AppendUvarint(dst, uint64(b.restored))
	if b.restored > 0 {
		dst = append(dst, b.prefix[:]...)
	}
	return dst
}

// Reset takes all messages out and keeps the memory.
func (b *Builder) Reset() { *b = Builder{Limit: b.Limit, entries: b.entries[:0]} }
