package codecs

// String is the codec of text and of any type made of it: the bytes themselves, without a check of their encoding.
func String[T ~string]() Codec[T] { return text[T]{} }

type text[T ~string] struct{}

func (text[T]) Encode(value T) ([]byte, error) {
	data := make([]byte, len(value))
	copy(data, value)
	return data, nil
}

func (text[T]) Decode(data []byte) (T, error) { return T(data), nil }

// Bytes is the codec that leaves bytes as they are. Encode copies; Decode returns its argument.
// Nil and empty are the same to it: both are encoded as an empty value, not as a tombstone.
func Bytes() Codec[[]byte] { return raw{} }

type raw struct{}

func (raw) Encode(value []byte) ([]byte, error) {
	data := make([]byte, len(value))
	copy(data, value)
	return data, nil
}

func (raw) Decode(data []byte) ([]byte, error) { return data, nil }
