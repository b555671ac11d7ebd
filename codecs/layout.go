package codecs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// A Layout writes and reads the plain Avro of a format's current schema by hand, for values that are encoded or decoded so often that to walk a
// schema for each shows. It may leave out what is rare.
type Layout[T any] struct {
	// Append appends a value to dst. False: the schema is to be used for this one; nothing is made of what was appended.
	Append func(dst []byte, value T) ([]byte, bool)
	// Read reads a value. False: the schema is to be used, from the beginning. An error of the reader is one of the value.
	Read func(r *Reader) (T, bool)
}

// AvroBy is a codec of a format's values, such as that of [Avro], with a layout: it gives the same bytes, and takes them. Values that other schemas
// wrote, or are to be written by another, are left to the codec.
func AvroBy[T any](format *Format, codec Codec[T], layout Layout[T]) Codec[T] {
	return laidOut[T]{format, codec, layout}
}

type laidOut[T any] struct {
	format *Format
	codec  Codec[T]
	layout Layout[T]
}

func (c laidOut[T]) Encode(value T) (data []byte, err error) {
	defer recovered(&err, "encode avro")
	if string(c.format.writing.Load().header) != string(c.format.current.header[:]) {
		return c.codec.Encode(value)
	}
	b := scratch.Get().(*[]byte)
	out, ok := c.layout.Append(append((*b)[:0], c.format.current.header[:]...), value)
	if ok {
		data = bytes.Clone(out)
	}
	release(b, out)
	if !ok {
		return c.codec.Encode(value)
	}
	return data, nil
}

func (c laidOut[T]) Decode(data []byte) (value T, err error) {
	if len(data) < headerSize || [headerSize]byte(data) != c.format.current.header {
		return c.codec.Decode(data)
	}
	defer recovered(&err, "decode avro")
	r := Reader{data: data[headerSize:]}
	value, ok := c.layout.Read(&r)
	if !ok {
		return c.codec.Decode(data)
	}
	if r.err == nil && len(r.data) > 0 {
		r.err = leftOver(r.data)
	}
	if r.err != nil {
		var zero T
		return zero, fmt.Errorf("decode %s: %w", c.format.current.name, r.err)
	}
	return value, nil
}

// AppendLong appends an Avro long, or int.
func AppendLong[N ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16](dst []byte, n N) []byte {
	return binary.AppendVarint(dst, int64(n))
}

// AppendBool appends an Avro boolean.
func AppendBool(dst []byte, is bool) []byte {
	if is {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// AppendText appends an Avro string, or bytes.
func AppendText[T ~string | ~[]byte](dst []byte, text T) []byte {
	return append(binary.AppendVarint(dst, int64(len(text))), text...)
}

// errShort and the like are errors of a [Reader].
var (
	errShort  = errors.New("it ends too early")
	errVarint = errors.New("a number of more than 64 bits")
	errRange  = errors.New("a number out of range")
)

// Reader reads the parts of a value one after the other. After an error all further parts are zero values.
type Reader struct {
	data []byte
	text string // a copy of data and what was before it, for [Reader.SharedText]
	err  error
}

// Err is the first error.
func (r *Reader) Err() error { return r.err }

// Fail makes an error that of the value, if it is the first.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err, r.data = err, nil
	}
}

// Long reads an Avro long.
func (r *Reader) Long() int64 {
	if len(r.data) > 0 && r.data[0] < 0x80 { // nearly all are
		n := int64(r.data[0]>>1) ^ -int64(r.data[0]&1)
		r.data = r.data[1:]
		return n
	}
	return r.longer()
}

func (r *Reader) longer() int64 {
	n, size := binary.Varint(r.data)
	switch {
	case size > 0:
		r.data = r.data[size:]
	case size == 0:
		r.Fail(errShort)
	default:
		r.Fail(errVarint)
		return 0
	}
	return n
}

// number reads a long of a range.
func (r *Reader) number(least, most int64) int64 {
	n := r.Long()
	if n < least || n > most {
		r.Fail(errRange)
		return 0
	}
	return n
}

// Int reads an Avro int.
func (r *Reader) Int() int32 { return int32(r.number(math.MinInt32, math.MaxInt32)) }

// Uint16 reads an Avro int that has 16 bits.
func (r *Reader) Uint16() uint16 { return uint16(r.number(0, math.MaxUint16)) }

// Uint8 reads an Avro int that has 8 bits.
func (r *Reader) Uint8() uint8 { return uint8(r.number(0, math.MaxUint8)) }

// Branch reads which of n branches of a union follows.
func (r *Reader) Branch(n int) int { return int(r.number(0, int64(n)-1)) }

// Bool reads an Avro boolean.
func (r *Reader) Bool() bool {
	if len(r.data) == 0 {
		r.Fail(errShort)
		return false
	}
	b := r.data[0]
	r.data = r.data[1:]
	return b == 1
}

// Bytes reads Avro bytes, or a string, without a copy.
func (r *Reader) Bytes() []byte {
	n := r.Long()
	if n < 0 || n > int64(len(r.data)) {
		r.Fail(errShort)
		return nil
	}
	data := r.data[:n:n]
	r.data = r.data[n:]
	return data
}

// Text reads an Avro string.
func (r *Reader) Text() string { return string(r.Bytes()) }

// SharedText reads an Avro string as a part of one copy of all that is read: for values of many strings that do not outlive each other.
func (r *Reader) SharedText() string {
	if r.text == "" {
		r.text = string(r.data)
	}
	n := len(r.Bytes())
	end := len(r.text) - len(r.data)
	return r.text[end-n : end]
}

// Block reads how many items of an array follow at once; 0: it ends. Each is of at least one byte.
func (r *Reader) Block() int {
	n := r.Long()
	if n < 0 && n != math.MinInt64 {
		n = -n
		if size := r.Long(); size < 0 || size > int64(len(r.data)) {
			r.Fail(errShort)
		}
	}
	if n < 0 || n > int64(len(r.data)) {
		r.Fail(errShort)
		return 0
	}
	return int(n)
}

// AppendItems appends an Avro array.
func AppendItems[E any](dst []byte, list []E, item func(dst []byte, e *E) []byte) []byte {
	if len(list) > 0 {
		dst = AppendLong(dst, len(list))
		for i := range list {
			dst = item(dst, &list[i])
		}
	}
	return AppendLong(dst, 0)
}

// fewItems is how many items of an array get room before any is read: damaged bytes may say that there are more than could be.
const fewItems = 64

// Items reads an Avro array; nil: it has no items.
func Items[E any](r *Reader, item func(*E)) (list []E) {
	for n := r.Block(); n > 0; n = r.Block() {
		list = slices.Grow(list, min(n, fewItems))
		for range n {
			if r.err != nil {
				return nil
			}
			var zero E
			list = append(list, zero)
			item(&list[len(list)-1])
		}
	}
	return list
}
