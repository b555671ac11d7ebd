package tables

import (
	"encoding/hex"

	"github.com/cespare/xxhash/v2"

	"github.com/eddystream/eddy/codecs"
)

// CascadeID names a cascade: 16 lower-case hexadecimal digits, a function of the change alone, so that a
// replay gives the same.
type CascadeID string

// String returns the id.
func (id CascadeID) String() string { return string(id) }

// NewCascadeID returns the id of the cascade that an event of a wiki starts at a title: xxhash64 over the three
// texts, each ended by a zero byte.
func NewCascadeID(wiki string, root Title, eventID string) CascadeID {
	data := make([]byte, 0, 128)
	data = append(data, wiki...)
	data = append(data, 0)
	data = root.appendTo(data)
	data = append(data, 0)
	data = append(data, eventID...)
	data = append(data, 0)
	sum := xxhash.Sum64(data)
	var id [16]byte
	return CascadeID(hex.AppendEncode(id[:0], []byte{
		byte(sum >> 56), byte(sum >> 48), byte(sum >> 40), byte(sum >> 32),
		byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum),
	}))
}

// ParseCascadeID reads the id of a cascade. The error wraps [ErrKey].
func ParseCascadeID(text string) (CascadeID, error) {
	if len(text) != 16 {
		return "", keyError("cascade", text, "not 16 digits")
	}
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return "", keyError("cascade", text, "not a hexadecimal digit")
		}
	}
	return CascadeID(text), nil
}

// CascadeIDs is the codec of cascade ids as keys.
func CascadeIDs() codecs.Codec[CascadeID] { return cascadeIDs{} }

type cascadeIDs struct{}

func (cascadeIDs) Encode(id CascadeID) ([]byte, error) {
	if _, err := ParseCascadeID(string(id)); err != nil {
		return nil, err
	}
	return []byte(id), nil
}

func (cascadeIDs) Decode(data []byte) (CascadeID, error) { return ParseCascadeID(string(data)) }
