package store

import (
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
)

// filter tells of most keys that a store has never had that it has not, without a look: most first writes of a row are preceded by a read of
// it, and a store that is being built gets little else. It is a blocked Bloom filter (Putze, Sanders and Singler, "Cache-, Hash- and
// Space-Efficient Bloom Filters", 2007) of all keys that were written since the store was empty. It has a fixed size, and once
// it holds as many keys as it is of use for it says nothing any more. It is safe for concurrent use.
type filter struct {
	blocks []block
	keys   atomic.Int64 // about
	most   int64
}

// block is a cache line; all bits of a key are in one.
type block [8]atomic.Uint64

const (
	blockBytes = 64
	// bitsOfKey is how many bits a key sets, and keysOfBlock how many keys fill a filter, per block: 2 of 100 absent keys are taken for present then.
	bitsOfKey   = 5
	keysOfBlock = 50
	// filterPart is the part of the block cache that the filter takes.
	filterPart = 32
)

// newFilter returns a filter of at most so many bytes.
func newFilter(bytes int64) *filter {
	n := max(bytes/blockBytes, 1)
	return &filter{blocks: make([]block, n), most: n * keysOfBlock}
}

// spread turns a key into its block and the bits there, nine of the hash for each.
func (f *filter) spread(key []byte) (*block, uint64) {
	h := xxhash.Sum64(key)
	return &f.blocks[h%uint64(len(f.blocks))], h / uint64(len(f.blocks))
}

// add takes in a key that is about to be written.
func (f *filter) add(key []byte) {
	if f == nil || f.full() {
		return
	}
	b, bits := f.spread(key)
	fresh := false
	for range bitsOfKey {
		bit := uint64(1) << (bits % 64)
		word := &b[bits/64%8]
		bits >>= 9
		fresh = word.Or(bit)&bit == 0 || fresh
	}
	if fresh {
		f.keys.Add(1)
	}
}

// lacks reports whether no such key was ever written, for sure.
func (f *filter) lacks(key []byte) bool {
	if f == nil || f.full() {
		return false
	}
	b, bits := f.spread(key)
	for range bitsOfKey {
		if b[bits/64%8].Load()&(1<<(bits%64)) == 0 {
			return true
		}
		bits >>= 9
	}
	return false
}

func (f *filter) full() bool { return f.keys.Load() >= f.most }
