package cache

import (
	"sync"
	"sync/atomic"
)

// Budget is a number of bytes that the caches of a process share: what one does not use, another may. It is safe for concurrent use.
//
// A cache that is called while the budget is exceeded drops its own oldest entries, as long as it holds more than its fair share. One that is
// not called, because its task has nothing to do, cannot do that; a cache that needs room takes from it all but what it used last. So
//
//	Used() <= Max() + pinned entries + one entry for each cache
//
// holds whichever caches are idle. Room for this is kept: the caches aim at a little less than the maximum.
type Budget struct {
	max  int64
	aim  int64
	used atomic.Int64
	// added counts the bytes that ever came in. It is the clock by which a cache is idle: one that was not called while this
	// much was added elsewhere.
	added atomic.Int64
	idle  int64
	fair  atomic.Int64 // aim by the number of caches

	mu       sync.Mutex
	caches   map[member]struct{}
	searched int64 // the clock at the last search for an idle cache
}

// member is a cache, as the others see it. All methods are safe for concurrent use.
type member interface {
	// calledAt is the clock at the last call.
	calledAt() int64
	// spare is how much release would free.
	spare() int64
	// release gives up what was not used lately and returns how much that was.
	release() int64
}

// NewBudget returns a budget of max bytes.
func NewBudget(maximum int64) *Budget {
	b := &Budget{max: maximum, aim: max(maximum-maximum/12, 0), idle: maximum / 16, caches: map[member]struct{}{}}
	b.fair.Store(b.aim)
	return b
}

// Max is the size of the budget, in bytes.
func (b *Budget) Max() int64 { return b.max }

// Used is how much the caches hold, in bytes.
func (b *Budget) Used() int64 { return b.used.Load() }

func (b *Budget) exceeded() bool { return b.used.Load() > b.aim }

func (b *Budget) join(m member) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.caches[m] = struct{}{}
	b.fair.Store(b.aim / int64(len(b.caches)))
}

func (b *Budget) leave(m member) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.caches, m)
	b.fair.Store(b.aim / int64(max(len(b.caches), 1)))
}

// reclaim takes from caches that are idle until the budget is kept, those with most to spare first.
func (b *Budget) reclaim() {
	if !b.mu.TryLock() {
		return // somebody else is at it
	}
	defer b.mu.Unlock()
	now := b.added.Load()
	if now-b.searched < b.idle/4 {
		return
	}
	b.searched = now
	for b.exceeded() {
		var most member
		spare := int64(0)
		for m := range b.caches {
			if now-m.calledAt() < b.idle {
				continue
			}
			if n := m.spare(); n > spare {
				most, spare = m, n
			}
		}
		if most == nil {
			return
		}
		b.used.Add(-most.release())
	}
}
