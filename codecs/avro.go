package codecs

import (
	"fmt"
	"sync"
)

// Avro is the codec of Go values in Avro's single-object encoding: a header with the fingerprint of the schema that
// wrote the value, then the plain value. It writes by the format's current schema, unless told otherwise by
// [Format.Write], and reads what any of the format's schemas wrote.
//
// Struct fields are matched by their `avro` tags as of github.com/twmb/avro. T may be a pointer. Arbitrary bytes are an
// error, not a panic nor a huge allocation; so are bytes left over. Errors of decoding wrap [ErrUnknownSchema],
// [ErrNoHeader], or are those of the value.
func Avro[T any](format *Format) Codec[T] { return singleObject[T]{format} }

// PlainAvro is the codec of Go values as Avro binary data of one schema, without a header: for topics of others that
// have it. Nothing tells which schema wrote such a value, so the schema can never change. Otherwise it is like
// [Avro].
func PlainAvro[T any](schema *Schema) Codec[T] { return plain[T]{schema} }

// scratch holds buffers to encode into, so that what is returned is allocated once, in its final size.
var scratch = sync.Pool{New: func() any { b := make([]byte, 0, 4096); return &b }}

// keep is the greatest buffer that goes back to scratch.
const keep = 1 << 20

// encode returns a copy of what appending to a scratch buffer gives.
func encode(name string, appendTo func([]byte) ([]byte, error)) (data []byte, err error) {
	b := scratch.Get().(*[]byte)
	out, err := appendTo((*b)[:0])
	if err == nil {
		data = make([]byte, len(out))
		copy(data, out)
	}
	release(b, out)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", name, err)
	}
	return data, nil
}

// release gives a scratch buffer back, or the larger one that it has become.
func release(b *[]byte, out []byte) {
	if cap(out) > cap(*b) && cap(out) <= keep {
		*b = out[:0]
	}
	scratch.Put(b)
}

type singleObject[T any] struct{ format *Format }

func (c singleObject[T]) Encode(value T) (data []byte, err error) {
	defer recovered(&err, "encode avro")
	return encode(c.format.current.name, func(dst []byte) ([]byte, error) { return c.format.append(dst, &value) })
}

func (c singleObject[T]) Decode(data []byte) (value T, err error) {
	defer recovered(&err, "decode avro")
	if err := c.format.decode(data, &value); err != nil {
		var zero T
		return zero, fmt.Errorf("decode %s: %w", c.format.current.name, err)
	}
	return value, nil
}

type plain[T any] struct{ schema *Schema }

func (c plain[T]) Encode(value T) (data []byte, err error) {
	defer recovered(&err, "encode avro")
	return encode(c.schema.name, func(dst []byte) ([]byte, error) { return c.schema.typed.AppendEncode(dst, &value) })
}

func (c plain[T]) Decode(data []byte) (value T, err error) {
	defer recovered(&err, "decode avro")
	rest, err := c.schema.typed.Decode(data, &value)
	if err == nil && len(rest) > 0 {
		err = leftOver(rest)
	}
	if err != nil {
		var zero T
		return zero, fmt.Errorf("decode %s: %w", c.schema.name, err)
	}
	return value, nil
}
