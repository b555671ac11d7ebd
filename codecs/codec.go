// Package codecs converts keys and values to the bytes that Kafka carries, and back.
//
// A [Codec] is a value: make one where an edge is declared and share it. There are codecs for text ([String]), bytes
// ([Bytes]), integers ([Int64], [Int32], [Uint64]), JSON ([JSON]) and Avro ([Avro]).
//
// Rows outlive the program that wrote them, so each value of [Avro] says by which schema it was written, and the codec
// reads what the schemas of former releases wrote. A program with one schema makes a [Format] of it; one with a history
// keeps the schema files of all its [Releases]. [PlainAvro] is for topics of others, whose values do not name their schema.
package codecs

// A Codec converts values of one type to bytes and back. Codecs are safe for concurrent use and never panic.
//
// Encode returns bytes that belong to the caller and keeps nothing of its argument. It never returns nil
// bytes without an error: in Kafka a nil value is a tombstone.
//
// Decode may return a value that aliases data, which must stay unchanged afterwards. It takes all of data:
// what is left over is an error.
type Codec[T any] interface {
	Encode(value T) ([]byte, error)
	Decode(data []byte) (T, error)
}

// HashPart is implemented by key codecs where only a part of the key decides its partition.
type HashPart interface {
	// HashPart returns what is hashed for an encoded key. Keys with equal parts are in one partition.
	// It never fails: for bytes that are no key it returns any part, the same one each time.
	HashPart(key []byte) []byte
}

// KeyPrefix is implemented by key codecs of several parts, of which the first ones can be given alone.
type KeyPrefix[T any] interface {
	// KeyPrefix returns what all encoded keys begin with that have the parts of key; the last parts are left open where they are zero values.
	KeyPrefix(key T) ([]byte, error)
}
