package codecs

import (
	"encoding/binary"
	"fmt"
)

// Fingerprint is the CRC-64-AVRO fingerprint of a schema's parsing canonical form.
type Fingerprint uint64

// String returns the fingerprint as 16 hexadecimal digits, the most significant first.
func (f Fingerprint) String() string { return fmt.Sprintf("%016x", uint64(f)) }

// headerSize is the length of a single-object header: two bytes of magic, then a fingerprint, little-endian.
const headerSize = 10

func fingerprintOf(header [headerSize]byte) Fingerprint {
	return Fingerprint(binary.LittleEndian.Uint64(header[2:]))
}

// SingleObjectHeader returns the header of a value in Avro's single-object encoding: the bytes C3 01, then the
// fingerprint of the schema that wrote it, 10 bytes in all. The header aliases data; what follows it is the plain Avro
// value. ok is false for data that does not begin like one, and for data shorter than a header.
func SingleObjectHeader(data []byte) (header []byte, ok bool) {
	if len(data) < headerSize || data[0] != 0xC3 || data[1] != 0x01 {
		return nil, false
	}
	return data[:headerSize:headerSize], true
}
