package codecs

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// JSON is the codec of a type's JSON text, by encoding/json and the type's own field tags.
// Characters that matter in HTML are not escaped. A panic of the type's own marshaler becomes an error.
func JSON[T any]() Codec[T] { return jsonText[T]{} }

type jsonText[T any] struct{}

func (jsonText[T]) Encode(value T) (data []byte, err error) {
	defer recovered(&err, "encode json")
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func (jsonText[T]) Decode(data []byte) (value T, err error) {
	defer recovered(&err, "decode json")
	if err := json.Unmarshal(data, &value); err != nil {
		var zero T
		return zero, Brief(err)
	}
	return value, nil
}

// recovered turns a panic into an error: a codec never panics, whatever a library or a type's own methods do.
func recovered(err *error, doing string) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%s: panic: %v", doing, r)
	}
}
