package pack

import (
	"encoding/binary"
	"errors"

	"github.com/eddystream/eddy/codecs"
)

// MaxBytes is the size of the largest body that a [Builder] makes of several messages. A larger message goes alone.
const MaxBytes = 128 << 10

// version is the first byte of a body.
const version = 1

// Flags of an entry.
const (
	flagNoKey     = 1 << iota // null, as distinct from empty
	flagTombstone             // no value, as distinct from an empty one
	flagPrefix                // the value begins with the prefix of the pack, which is left out
	flagHeaders
	flagTime // another time than the entry before

	allFlags = 1<<iota - 1
)

const (
	// prefixSize is the size of the head of an Avro single object.
	prefixSize = 10
	// maxHead is the size of the largest head of a body.
	maxHead = 1 + 4*binary.MaxVarintLen64 + prefixSize
	// maxFixed bounds what an entry occupies beside its key, its value and its headers: flags, a time, two lengths, the number of headers.
	maxFixed = 1 + 4*binary.MaxVarintLen64
	// maxFixedHeader bounds what a header occupies beside its key and value: two lengths, and whether there is a value.
	maxFixedHeader = 2*binary.MaxVarintLen64 + 1
)

// ErrDecode is wrapped by the error of a body that cannot be read: it is damaged, or of a version that this program does not know. The
// text names the entry, from 0 on, and the byte.
var ErrDecode = errors.New("cannot read pack")

// single reports whether a value has the head of an Avro single object.
func single(value []byte) bool {
	_, ok := codecs.SingleObjectHeader(value)
	return ok
}
