package engine

import "github.com/eddystream/eddy/topology/internal/cache"

// row is a decoded row of a partition of a table, or the knowledge that there is none, as a cache keeps it.
type row = cache.Entry[rowState]

type rowState struct {
	value any
	ok    bool
	raw   []byte // what value was decoded from, where the cache is checked against the store
	size  int    // of the encoded value, as last seen

	// Of own tables.
	dirty   bool   // written in the open batch
	checked bool   // the key belongs to this partition
	seq     uint64 // the last cut batch that wrote it; 0: none
	by      origin // the record that wrote it last in the open batch
	since   uint64 // the message that wrote it first in the open batch, as the task counts them
	touched uint64 // the last one that got it
	kept    []byte // as the message before had it, encoded, in a batch that is processed carefully; nil: deleted
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
