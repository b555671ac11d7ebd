package events

import (
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// maxText is the longest text that an event is kept by: its id, the hashes and the model of a text. Rows have several of each.
const maxText = 256

// shorten makes a text that is only compared, and is longer than any should be, a hash of it.
func shorten(texts ...*string) {
	for _, t := range texts {
		if len(*t) > maxText {
			*t = fmt.Sprintf("%016x", xxhash.Sum64String(*t))
		}
	}
}
