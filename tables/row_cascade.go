package tables

import (
	"cmp"
	"slices"
)

// CascadeRow is how far a cascade has come: the row of `eddy-cascades-table`. A final row keeps no messages.
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
	Chunks      []ChunkProgress `avro:"chunks"`
	Asked       int64           `avro:"asked"`
	Outstanding int64           `avro:"outstanding"`
	Abandoned   int64           `avro:"abandoned"`
	// Late counts those of the pages asked for that were so after the end.
	Late int64 `avro:"late"`

	index map[int64]int // of Messages, by id; made when it is first needed
	open  int           // how many messages are open
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

// Note adds what a progress record says of messages; root is the id of the walk of the root's own row. All of it are sets,
// so that a repeat changes nothing.
func (r *CascadeRow) Note(p *Progress, root int64) {
	r.Rooted = r.Rooted || p.Walked && p.Message == root
	r.Strays = r.Strays || !p.Walked && p.Asks.Len()+len(p.Walks) > 0
	for _, id := range p.Walks {
		r.note(id, func(m *MessageState) { m.Sent = true })
	}
	if p.Message == 0 {
		return
	}
	r.note(p.Message, func(m *MessageState) {
		m.Walked = m.Walked || p.Walked
		m.Asks.Union(p.Asks)
		m.Asked.Union(p.Asked)
	})
}

func (r *CascadeRow) note(id int64, change func(*MessageState)) {
	r.count()
	i, found := r.index[id]
	if !found {
		i = len(r.Messages)
		r.Messages = append(r.Messages, MessageState{ID: id})
		r.index[id] = i
	}
	m := &r.Messages[i]
	if m.Open() {
		r.open--
	}
	change(m)
	if m.Open() {
		r.open++
	}
}

// count makes the index of a row that was just read.
func (r *CascadeRow) count() {
	if r.index != nil {
		return
	}
	r.index, r.open = make(map[int64]int, len(r.Messages)), 0
	for i, m := range r.Messages {
		r.index[m.ID] = i
		if m.Open() {
			r.open++
		}
	}
}

// Expanded reports whether no message is under way.
func (r *CascadeRow) Expanded() bool {
	r.count()
	return r.open == 0 && (r.Rooted || r.Strays)
}

// Forget drops the messages.
func (r *CascadeRow) Forget() { r.Messages, r.index, r.open = nil, nil, 0 }

// Count sets the counts of a chunk and updates the sums. What was asked for or abandoned stays so, whatever a chunk says that has forgotten it
// and is asked again: what it asks for then is counted as far as it is more than before.
func (r *CascadeRow) Count(c ChunkProgress) {
	i, found := slices.BinarySearchFunc(r.Chunks, c, func(o, c ChunkProgress) int {
		return cmp.Or(cmp.Compare(o.Wiki, c.Wiki), cmp.Compare(o.Chunk, c.Chunk))
	})
	if !found {
		r.Chunks = slices.Insert(r.Chunks, i, ChunkProgress{})
	}
	old := r.Chunks[i]
	c.Asked, c.Abandoned = max(c.Asked, old.Asked), max(c.Abandoned, old.Abandoned)
	r.Asked += int64(c.Asked - old.Asked)
	r.Outstanding += int64(c.Outstanding - old.Outstanding)
	r.Abandoned += int64(c.Abandoned - old.Abandoned)
	r.Chunks[i] = c
}
