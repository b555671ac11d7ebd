// Package cache keeps decoded rows, bounded by the bytes that they take. All caches of a process share one [Budget].
package cache

import (
	"sync/atomic"
	"unsafe"
)

// Entry is a value in a cache.
type Entry[V any] struct {
	Key   string
	Value V

	bytes int64
	shelf *shelf[V] // nil: it is among the recent ones
	turn  uint32    // see queue
	used  bool      // since it was queued
}

// Cache keeps the entries used last, about: an entry that was used again while it was recent stays so for another round. It belongs to one goroutine at a time: no method is safe for concurrent use, but those by which the
// budget takes from an idle cache.
//
// What was used lately, and all that is pinned, is the cache's own. The rest lies on a shelf that hangs from one pointer, and whoever needs
// room, and finds this cache idle, swaps that pointer for nil: it locks nothing and reads nothing of what it takes. The owner
// notices at its next call and begins a new shelf with what is its own.
type Cache[V any] struct {
	budget *Budget
	pinned func(*Entry[V]) bool
	shelf  atomic.Pointer[shelf[V]]
	called atomic.Int64 // the budget's clock at the last call
	recent queue[V]
	bytes  int64 // of recent
	closed bool
}

// shelf has all entries by key, and in a queue those that are not recent.
type shelf[V any] struct {
	entries map[string]*Entry[V]
	rest    queue[V]
	bytes   atomic.Int64 // of rest; below zero once the shelf was taken
}

// taken is what a shelf's bytes are set to: no sum of entries brings it back to zero.
const taken = -1 << 60

// slot is what an entry's place in the map takes.
const slot = 48

// recentPart is which part of its fair share a cache keeps to itself.
const recentPart = 4

// rotations bounds the recent entries that one call looks at, to move them to the shelf.
const rotations = 8

// New returns an empty cache in a budget. Entries that pinned reports are never dropped, so that a cache may exceed its
// budget by them; nil: there are none. The caller closes it.
func New[V any](b *Budget, pinned func(*Entry[V]) bool) *Cache[V] {
	c := &Cache[V]{budget: b, pinned: pinned}
	c.begin()
	b.join(c)
	return c
}

// begin hangs up a shelf with the entries used lately.
func (c *Cache[V]) begin() *shelf[V] {
	s := &shelf[V]{entries: map[string]*Entry[V]{}}
	for e := range c.recent.all {
		s.entries[e.Key] = e
	}
	c.shelf.Store(s)
	return s
}

// open notes that the cache is in use, and returns its shelf.
func (c *Cache[V]) open() *shelf[V] {
	if now := c.budget.added.Load(); c.called.Load() != now {
		c.called.Store(now)
	}
	if s := c.shelf.Load(); s != nil {
		return s
	}
	return c.begin()
}

// Get returns the entry at key; nil if it is not there. It stays at least until the next call.
func (c *Cache[V]) Get(key []byte) *Entry[V] {
	s := c.open()
	e := s.entries[string(key)]
	if e == nil {
		return nil
	}
	if e.shelf == nil {
		e.used = true
	} else {
		c.take(e)
		c.put(e)
	}
	c.trim(s, e)
	return e
}

// Add puts a value at a key that is not there. bytes is what the value takes in memory beside V itself.
func (c *Cache[V]) Add(key string, value V, bytes int) *Entry[V] {
	e := &Entry[V]{Key: key, Value: value}
	e.bytes = cost(e, bytes)
	if c.closed {
		return e
	}
	s := c.open()
	s.entries[key] = e
	c.budget.used.Add(e.bytes)
	c.budget.added.Add(e.bytes)
	c.put(e)
	c.shrink(s, e)
	return e
}

// cost is what an entry takes with all that belongs to it.
func cost[V any](e *Entry[V], bytes int) int64 {
	return int64(unsafe.Sizeof(*e)) + slot + int64(len(e.Key)) + int64(bytes)
}

// Resize says that the value of an entry takes another number of bytes now. It does nothing to one that is no longer there.
func (c *Cache[V]) Resize(e *Entry[V], bytes int) {
	s := c.open()
	if s.entries[e.Key] != e {
		return
	}
	if e.shelf != nil {
		c.take(e)
		c.put(e)
	}
	grown := cost(e, bytes) - e.bytes
	e.bytes += grown
	c.bytes += grown
	c.budget.used.Add(grown)
	c.budget.added.Add(max(grown, 0))
	c.shrink(s, e)
}

// Forget drops the entry at key, if it is there.
func (c *Cache[V]) Forget(key string) {
	s := c.open()
	if e := s.entries[key]; e != nil {
		c.drop(s, e)
	}
}

// Remove drops an entry, pinned or not. It does nothing to one that is no longer there.
func (c *Cache[V]) Remove(e *Entry[V]) {
	if s := c.open(); s.entries[e.Key] == e {
		c.drop(s, e)
	}
}

func (c *Cache[V]) drop(s *shelf[V], e *Entry[V]) {
	c.take(e)
	c.budget.used.Add(-e.bytes)
	delete(s.entries, e.Key)
}

// Clear drops all entries, pinned or not.
func (c *Cache[V]) Clear() {
	c.budget.used.Add(-c.release() - c.bytes)
	c.recent, c.bytes = queue[V]{}, 0
}

// Close drops all entries and leaves the budget. What is added afterwards is not kept.
func (c *Cache[V]) Close() {
	if c.closed {
		return
	}
	c.closed = true
	c.budget.leave(c)
	c.Clear()
}

// put makes an entry, which is in no queue, a recent one.
func (c *Cache[V]) put(e *Entry[V]) {
	c.recent.push(e)
	c.bytes += e.bytes
}

// take takes an entry out of its queue. Its bytes stay counted.
func (c *Cache[V]) take(e *Entry[V]) {
	if e.shelf == nil {
		c.recent.remove(e)
		c.bytes -= e.bytes
		return
	}
	e.shelf.rest.remove(e)
	if e.shelf.bytes.Add(-e.bytes) < 0 { // the shelf was taken in between, and this entry counted as gone
		c.budget.used.Add(e.bytes)
	}
	e.shelf = nil
}

// trim moves recent entries to the shelf, and drops those that lie there longest while the budget is exceeded. The entry at hand stays.
func (c *Cache[V]) trim(s *shelf[V], at *Entry[V]) {
	fair := c.budget.fair.Load()
	for range rotations {
		e := c.recent.peek()
		if c.bytes <= fair/recentPart || e == at {
			break
		}
		c.recent.pop()
		if e.used || c.pinned != nil && c.pinned(e) {
			e.used = false
			c.recent.push(e)
			continue
		}
		c.bytes -= e.bytes
		e.shelf = s
		s.rest.push(e)
		if s.bytes.Add(e.bytes) < 0 { // it goes with the others that were taken
			c.budget.used.Add(-e.bytes)
		}
	}
	for c.budget.exceeded() && c.bytes+s.bytes.Load() > fair {
		e := s.rest.peek()
		if e == nil {
			break
		}
		c.drop(s, e)
	}
}

// shrink makes room after something has grown: here, then in caches that are idle.
func (c *Cache[V]) shrink(s *shelf[V], at *Entry[V]) {
	c.trim(s, at)
	if c.budget.exceeded() {
		c.budget.reclaim()
	}
}

// calledAt implements [member].
func (c *Cache[V]) calledAt() int64 { return c.called.Load() }

// spare implements [member].
func (c *Cache[V]) spare() int64 {
	s := c.shelf.Load()
	if s == nil {
		return 0
	}
	return max(s.bytes.Load(), 0)
}

// release implements [member].
func (c *Cache[V]) release() int64 {
	s := c.shelf.Swap(nil)
	if s == nil {
		return 0
	}
	return s.bytes.Swap(taken)
}
