package tables

// Ask wants pages of one chunk of 256 rendered again for a cascade.
type Ask struct {
	Hop  CascadeHop `avro:"hop"`
	ID   int64      `avro:"message"`
	Sets []AskSet   `avro:"sets"`
}

// AskSet names pages reached by one type of link, strongest type first and each page once in an [Ask].
type AskSet struct {
	Reason LinkType `avro:"reason"`
	Pages  []byte   `avro:"pages"` // id & 255, ascending
}

// Progress is what one processed message did for its cascade. Every part of it is a set or the latest value of one
// writer, so that a repeat changes nothing.
type Progress struct {
	Cascade Cascade `avro:"cascade"`
	Done    []int64 `avro:"done"` // ids of processed messages
	Sent    []int64 `avro:"sent"` // ids of the messages they sent
	// Row is the target that keeps a wave of the cascade, to be closed with it; empty: none.
	Row string `avro:"row"`
	// Superseded says that a newer change of the root took over all that was left to walk there.
	Superseded bool `avro:"superseded"`
	// Chunk is the state of one chunk of pages.
	Chunk *ChunkProgress `avro:"chunk"`
}

// ChunkProgress counts the pages of a chunk in a cascade.
type ChunkProgress struct {
	Wiki        string `avro:"wiki_id"`
	Chunk       int64  `avro:"chunk"` // id of its first page
	Asked       int32  `avro:"asked"`
	Outstanding int32  `avro:"outstanding"` // of them not answered
	Abandoned   int32  `avro:"abandoned"`   // of them given up
}

// WaveClosing tells a target that no further message of a cascade will come but for late edges.
type WaveClosing struct {
	Cascade CascadeID `avro:"cascade_id"`
}

// RequestClosing tells a chunk of pages that a cascade has ended: what is outstanding is forgotten.
type RequestClosing struct {
	Cascade CascadeID `avro:"cascade_id"`
}
