package tables

import (
	"cmp"
	"slices"
)

// CascadeRow is how far a cascade has come: the row of `eddy-cascades-table`. A final row keeps the summary only.
type CascadeRow struct {
	Cascade Cascade `avro:"cascade"`
	Phase   Phase   `avro:"phase"`
	// Sent and Done are message ids, sorted; the expansion is complete when every sent one is done.
	Sent []int64 `avro:"sent"`
	Done []int64 `avro:"done"`
	// Waves are the targets with a wave that has not been closed.
	Waves []string `avro:"waves"`
	// Chunks counts the pages of each chunk, sorted.
	Chunks      []ChunkProgress `avro:"chunks"`
	Asked       int64           `avro:"asked"`
	Outstanding int64           `avro:"outstanding"`
	Abandoned   int64           `avro:"abandoned"`
	// Late counts those of the pages asked for that were so after the end.
	Late int64 `avro:"late"`
}

// Expanded reports whether every message sent is done.
func (r *CascadeRow) Expanded() bool {
	d := 0
	for _, id := range r.Sent {
		for d < len(r.Done) && r.Done[d] < id {
			d++
		}
		if d == len(r.Done) || r.Done[d] != id {
			return false
		}
	}
	return true
}

// MarkSent puts ids into the set of sent messages.
func (r *CascadeRow) MarkSent(ids []int64) { r.Sent = union(r.Sent, ids) }

// MarkDone puts ids into the set of processed messages.
func (r *CascadeRow) MarkDone(ids []int64) { r.Done = union(r.Done, ids) }

func union(set, ids []int64) []int64 {
	for _, id := range ids {
		if i, found := slices.BinarySearch(set, id); !found {
			set = slices.Insert(set, i, id)
		}
	}
	return set
}

// Count sets the counts of a chunk and updates the sums.
func (r *CascadeRow) Count(c ChunkProgress) {
	i, found := slices.BinarySearchFunc(r.Chunks, c, func(o, c ChunkProgress) int {
		return cmp.Or(cmp.Compare(o.Wiki, c.Wiki), cmp.Compare(o.Chunk, c.Chunk))
	})
	if !found {
		r.Chunks = slices.Insert(r.Chunks, i, ChunkProgress{})
	}
	old := r.Chunks[i]
	r.Asked += int64(c.Asked - old.Asked)
	r.Outstanding += int64(c.Outstanding - old.Outstanding)
	r.Abandoned += int64(c.Abandoned - old.Abandoned)
	r.Chunks[i] = c
}
