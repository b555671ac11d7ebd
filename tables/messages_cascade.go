package tables

// Ask wants pages rendered again for a cascade. All of them are in one partition.
type Ask struct {
	Hop CascadeHop `avro:"hop"`
	// Parent is the message of the cascade that asks, Slot the partition: together they name the ask.
	Parent int64      `avro:"parent"`
	Slot   int32      `avro:"slot"`
	Chunks []AskChunk `avro:"chunks"`
}

// AskChunk names pages of one chunk of 256.
type AskChunk struct {
	Wiki  string   `avro:"wiki_id"`
	Chunk int64    `avro:"chunk"` // id of its first page
	Sets  []AskSet `avro:"sets"`
}

// AskSet names pages reached by one type of link, strongest type first and each page once in an [AskChunk].
type AskSet struct {
	Reason LinkType `avro:"reason"`
	Pages  []byte   `avro:"pages"` // id & 255, ascending
}

// Progress is what one processed message did for its cascade. Every part of it is a set or the latest value of one
// writer, so that a repeat changes nothing.
type Progress struct {
	Cascade Cascade `avro:"cascade"`
	// Message is the one at work: a walk, or what a late link is named by.
	Message int64   `avro:"message"`
	Walked  bool    `avro:"walked"` // it is a walk, and was processed
	Walks   []int64 `avro:"walks"`  // the walks it sent
	Asks    Bits    `avro:"asks"`   // the slots it asked
	Asked   Bits    `avro:"asked"`  // the slots whose ask has been processed
	// Superseded says that a newer change of the root took over all that was left to walk there.
	Superseded bool            `avro:"superseded"`
	Chunks     []ChunkProgress `avro:"chunks"`
}

// ChunkProgress counts the pages of a chunk in a cascade.
type ChunkProgress struct {
	Wiki        string `avro:"wiki_id"`
	Chunk       int64  `avro:"chunk"` // id of its first page
	Asked       int32  `avro:"asked"`
	Outstanding int32  `avro:"outstanding"` // of them not answered
	Abandoned   int32  `avro:"abandoned"`   // of them given up
}

// RequestClosing tells a chunk of pages that a cascade has ended: what is outstanding is forgotten.
type RequestClosing struct {
	Cascade CascadeID `avro:"cascade_id"`
}
