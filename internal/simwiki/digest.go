package simwiki

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/cespare/xxhash/v2"
)

// digest is a short stand-in for a SHA-1: 16 hexadecimal digits of the words, each ended.
func digest(words ...string) string {
	h := xxhash.New()
	for _, w := range words {
		_, _ = h.WriteString(w)
		_, _ = h.Write([]byte{0})
	}
	return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, h.Sum64()))
}
