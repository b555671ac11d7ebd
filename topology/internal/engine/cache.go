package engine

import "github.com/eddystream/eddy/topology/internal/cache"

// row is a decoded row of a partition of a table, or the knowledge that there is none, as a cache keeps it.
type row = cache.Entry[rowState]

type rowState struct {
	value any
	raw   []byte // what value was decoded from, where the cache is checked against the store
	size  int32  // of the encoded value, as last seen
	ok    bool

	// Of own tables.
	checked bool     // the key belongs to this partition
	seq     uint64   // the last cut batch that wrote it; 0: none
	touched uint64   // the message that got it last, as the task counts them
	written *written // in the open batch; nil: not yet
}

// written is what is known of a row that the open batch has written. Few rows of a cache are, so it is not part of [rowState].
type written struct {
	by    origin // the record that wrote it last
	since uint64 // the message that wrote it first, as the task counts them
	kept  []byte // as the message before had it, encoded, in a batch that is processed carefully; nil: deleted
}

// dirty reports whether the open batch has written the row.
func (s *rowState) dirty() bool { return s.written != nil }

// slab hands out variables that are freed together, with the batch.
type slab []written

const slabRows = 64

func (s *slab) next() *written {
	if len(*s) == cap(*s) {
		*s = make(slab, 0, slabRows)
	}
	*s = append(*s, written{})
	return &(*s)[len(*s)-1]
}

// closeCaches gives back what the task's rows take. It runs where the task's goroutine has ended, or never began.
func (t *task) closeCaches() {
	for _, r := range t.kept {
		r.cache.Close()
	}
	for _, r := range append(append([]*reader(nil), t.joins...), t.lookups...) {
		if r != nil {
			r.cache.Close()
		}
	}
}
