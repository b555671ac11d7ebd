package engine

import (
	"sync"
	"sync/atomic"
)

// newsMax is how many changed keys are kept apart.
const newsMax = 4096

// news is which rows of a table have changed, from the goroutine that replicates it to the one that reads it. A row is noted after
// it can be read; so whoever forgets what is noted, and then reads, reads nothing older.
type news struct {
	some atomic.Bool

	mu   sync.Mutex
	keys []string
	all  bool // too many to keep apart
}

// add notes rows.
func (n *news) add(keys [][]byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.all && len(n.keys)+len(keys) <= newsMax {
		for _, key := range keys {
			n.keys = append(n.keys, string(key))
		}
	} else {
		n.keys, n.all = nil, true
	}
	n.some.Store(true)
}

// take returns what was noted since the last call. It costs next to nothing where that is nothing.
func (n *news) take() (keys []string, all bool) {
	if !n.some.Load() {
		return nil, false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	keys, all = n.keys, n.all
	n.keys, n.all = nil, false
	n.some.Store(false)
	return keys, all
}
