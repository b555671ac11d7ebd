package topology

import (
	"fmt"
	"reflect"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology/internal/kernel"
)

// hashPart returns what the key codec says about partitions; nil is the whole key.
func hashPart(codec any) func([]byte) []byte {
	if h, ok := codec.(codecs.HashPart); ok && !isNil(codec) {
		return h.HashPart
	}
	return nil
}

// isNil reports whether an edge was made without a codec.
func isNil(codec any) bool {
	if codec == nil {
		return true
	}
	v := reflect.ValueOf(codec)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// sameCodec reports whether two codecs are known to spell alike: equal values. Codecs that Go cannot compare, because they hold slices, maps
// or functions, are the same if what they hold is; of functions that is never known.
func sameCodec(a, b any) bool {
	if reflect.TypeOf(a) != reflect.TypeOf(b) {
		return false
	}
	if a == nil {
		return true
	}
	if v, w := reflect.ValueOf(a), reflect.ValueOf(b); v.Comparable() && w.Comparable() {
		return a == b
	}
	return reflect.DeepEqual(a, b)
}

// present makes the encoding of a value that exists distinct from a tombstone.
func present(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}

func encodeKey[K any](topic string, codec codecs.Codec[K], key K) ([]byte, error) {
	data, err := codec.Encode(key)
	if err != nil {
		return nil, kernel.In(PhaseWrite, fmt.Errorf("%w: key %s of %q: %w", ErrEncode, kernel.Quote([]byte(fmt.Sprint(key))), topic, err))
	}
	return data, nil
}

func encodeValue[V any](topic string, codec codecs.Codec[V], key []byte, value V) ([]byte, error) {
	data, err := codec.Encode(value)
	if err != nil {
		return nil, kernel.In(PhaseWrite, fmt.Errorf("%w: value of %q, key %s: %w", ErrEncode, topic, kernel.Quote(key), err))
	}
	return present(data), nil
}
