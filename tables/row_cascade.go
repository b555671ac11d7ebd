package tables

import (
	"cmp"
	"slices"
)

// CascadeRow is how far a cascade has come: the row of `eddy-cascades-table`. It holds the first [CascadeEntries] messages and chunks of a
// cascade, and of all others, which are in [CascadePart] rows, the sums. A final row keeps no messages.
type CascadeRow struct {
	Cascade Cascade `avro:"cascade"`
	Phase   Phase   `avro:"phase"`
	// Messages are those that were sent or processed; the expansion is complete when none is open. About one for each
	// title, and each chunk of one, that the cascade goes through.
	Messages []MessageState `avro:"messages"`
	// Rooted says that the walk of the root's own row has reported; until then nobody knows what it sent. Strays says that
	// late links have sent something: a cascade may consist of these alone.
	Rooted bool `avro:"rooted"`
	Strays bool `avro:"strays"`
	// Chunks counts the pages of each chunk, sorted.
	Chunks []ChunkProgress `avro:"chunks"`
	// The sums over all chunks, those of the parts too.
	Asked       int64 `avro:"asked"`
	Outstanding int64 `avro:"outstanding"`
	Abandoned   int64 `avro:"abandoned"`
	// Late counts those of the pages asked for that were so after the end.
	Late int64 `avro:"late"`
	// MessageParts and ChunkParts are the sums of the parts at the first level, sorted.
	MessageParts []CascadeSum `avro:"message_parts" default:"[]"`
	ChunkParts   []CascadeSum `avro:"chunk_parts" default:"[]"`
	// At is the last place in the log of progress that this row, or a part that it was changed with, has in it.
	At int64 `avro:"at" default:"0"`
	// Ended is when it ended, by the wall clock, in Unix seconds; Told the path of the last
	// part whose chunks have heard of it; [ChunkPartsEnd]: all have.
	Ended int64  `avro:"ended" default:"0"`
	Told  string `avro:"told" default:"\"\""`

	index messageIndex
}

// MessageState is what is known of one message of a cascade.
type MessageState struct {
	ID     int64 `avro:"id"`
	Sent   bool  `avro:"sent"`   // somebody sent it as a walk
	Walked bool  `avro:"walked"` // it was processed
	Asks   Bits  `avro:"asks"`   // the slots it asked
	Asked  Bits  `avro:"asked"`  // the slots that have processed its ask
}

// Open reports whether something that the message stands for is under way.
func (m MessageState) Open() bool { return m.Sent && !m.Walked || !m.Asked.Covers(m.Asks) }

// messageIndex finds messages in a list, and knows how many are open. It is made when it is first needed.
type messageIndex struct {
	at   map[int64]int
	open int
}

func (x *messageIndex) load(list []MessageState) {
	if x.at != nil {
		return
	}
	x.at, x.open = make(map[int64]int, len(list)), 0
	for i, m := range list {
		x.at[m.ID] = i
		if m.Open() {
			x.open++
		}
	}
}

// note changes a message of the list, added if there is room; false if there is none.
func (x *messageIndex) note(list *[]MessageState, room int, id int64, change func(*MessageState)) bool {
	x.load(*list)
	i, found := x.at[id]
	if !found {
		if len(*list) >= room {
			return false
		}
		i = len(*list)
		*list = append(*list, MessageState{ID: id})
		x.at[id] = i
	}
	m := &(*list)[i]
	if m.Open() {
		x.open--
	}
	change(m)
	if m.Open() {
		x.open++
	}
	return true
}

// Expanded reports whether no message is under way.
func (r *CascadeRow) Expanded() bool {
	r.index.load(r.Messages)
	for _, s := range r.MessageParts {
		if s.Open > 0 {
			return false
		}
	}
	return r.index.open == 0 && (r.Rooted || r.Strays)
}

// Unreported reports whether nobody has said yet what was sent for the cascade.
func (r *CascadeRow) Unreported() bool { return !r.Phase.Final() && !r.Rooted && !r.Strays }

// Forget drops the messages.
func (r *CascadeRow) Forget() { r.Messages, r.MessageParts, r.index = nil, nil, messageIndex{} }

// countIn sets the counts of a chunk in a list, added if there is room; false if there is none. What was asked for or abandoned stays so, whatever
// a chunk says that has forgotten it and is asked again: what it asks for then is counted as far as it is more than before.
func countIn(list *[]ChunkProgress, room int, c ChunkProgress) (was, is ChunkProgress, ok bool) {
	i, found := slices.BinarySearchFunc(*list, c, func(o, c ChunkProgress) int {
		return cmp.Or(cmp.Compare(o.Wiki, c.Wiki), cmp.Compare(o.Chunk, c.Chunk))
	})
	if !found {
		if len(*list) >= room {
			return was, is, false
		}
		*list = slices.Insert(*list, i, ChunkProgress{})
	}
	was = (*list)[i]
	c.Asked, c.Abandoned = max(c.Asked, was.Asked), max(c.Abandoned, was.Abandoned)
	(*list)[i] = c
	return was, c, true
}
