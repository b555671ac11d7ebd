package tables

import (
	"slices"

	"github.com/cespare/xxhash/v2"
)

// Recent are hashes of the ids of the events that came last, the newest last: a repeat of one of them is known. 8 bytes each.
type Recent []int64

// Has reports whether an event is one of them.
func (r Recent) Has(event string) bool { return slices.Contains(r, hashOf(event)) }

// Add takes in an event, and forgets the oldest beyond the newest keep.
func (r *Recent) Add(event string, keep int) {
	*r = append(*r, hashOf(event))
	if over := len(*r) - keep; over > 0 {
		*r = slices.Delete(*r, 0, over)
	}
}

func hashOf(event string) int64 { return int64(xxhash.Sum64String(event)) }
