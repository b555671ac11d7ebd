package codecs

// headerSize is the length of a single-object header: two bytes of magic and a fingerprint.
const headerSize = 10

// SingleObjectHeader returns the header of a value in Avro's single-object encoding: the bytes C3 01, then the
// fingerprint of the schema that wrote it, 10 bytes in all. The header aliases data; what follows it is the plain Avro
// value. ok is false for data that does not begin like one, and for data shorter than a header.
func SingleObjectHeader(data []byte) (header []byte, ok bool) {
	if len(data) < headerSize || data[0] != 0xC3 || data[1] != 0x01 {
		return nil, false
	}
	return data[:headerSize:headerSize], true
}
