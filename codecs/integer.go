package codecs

import (
	"encoding/binary"
	"fmt"
)

// Int64 is the codec of whole numbers as Kafka's own LongSerializer writes them: eight bytes, big-endian,
// two's complement. Encoded numbers that are not negative sort as numbers do.
func Int64() Codec[int64] { return int64s{} }

// Int32 is the codec of Kafka's IntegerSerializer: four bytes, big-endian, two's complement.
func Int32() Codec[int32] { return int32s{} }

// Uint64 is the codec of whole numbers without sign: eight bytes, big-endian. Encoded numbers sort as numbers do.
func Uint64() Codec[uint64] { return uint64s{} }

type (
	int64s  struct{}
	int32s  struct{}
	uint64s struct{}
)

func (int64s) Encode(value int64) ([]byte, error) {
	return binary.BigEndian.AppendUint64(make([]byte, 0, 8), uint64(value)), nil
}

func (int64s) Decode(data []byte) (int64, error) {
	if err := size(data, 8); err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(data)), nil
}

func (int32s) Encode(value int32) ([]byte, error) {
	return binary.BigEndian.AppendUint32(make([]byte, 0, 4), uint32(value)), nil
}

func (int32s) Decode(data []byte) (int32, error) {
	if err := size(data, 4); err != nil {
		return 0, err
	}
	return int32(binary.BigEndian.Uint32(data)), nil
}

func (uint64s) Encode(value uint64) ([]byte, error) {
	return binary.BigEndian.AppendUint64(make([]byte, 0, 8), value), nil
}

func (uint64s) Decode(data []byte) (uint64, error) {
	if err := size(data, 8); err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint64(data), nil
}

func size(data []byte, want int) error {
	if len(data) != want {
		return fmt.Errorf("integer of %d bytes, want %d", len(data), want)
	}
	return nil
}
