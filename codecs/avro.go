package codecs

import (
	"fmt"
	"sync"
)

// Avro is the codec of Go values as Avro binary data of one schema, without any header. Struct fields are
// matched by their `avro` tags as of github.com/twmb/avro. T may be a pointer. Arbitrary bytes are an error,
// not a panic nor a huge allocation; so are bytes left over.
func Avro[T any](schema *Schema) Codec[T] { return avroBinary[T]{schema} }

type avroBinary[T any] struct{ schema *Schema }

// scratch holds buffers to encode into, so that what is returned is allocated once, in its final size.
var scratch = sync.Pool{New: func() any { b := make([]byte, 0, 4096); return &b }}

// keep is the greatest buffer that goes back to scratch.
const keep = 1 << 20

func (c avroBinary[T]) Encode(value T) (data []byte, err error) {
	defer recovered(&err, "encode avro")
	b := scratch.Get().(*[]byte)
	out, err := c.schema.typed.AppendEncode((*b)[:0], &value)
	if err == nil {
		data = make([]byte, len(out))
		copy(data, out)
	}
	if cap(out) > cap(*b) && cap(out) <= keep {
		*b = out[:0]
	}
	scratch.Put(b)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", c.schema.name, err)
	}
	return data, nil
}

func (c avroBinary[T]) Decode(data []byte) (value T, err error) {
	defer recovered(&err, "decode avro")
	rest, err := c.schema.typed.Decode(data, &value)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes left over", len(rest))
	}
	if err != nil {
		var zero T
		return zero, fmt.Errorf("decode %s: %w", c.schema.name, err)
	}
	return value, nil
}
