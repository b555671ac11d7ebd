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

	bytes  int64
	older  *older[V] // nil: the entry is recent
	queued uint32    // see queue
	used   bool      // since it was queued
}

// Cache keeps the entries that were used last, approximately: recent entries form a queue, and one that was used while it was in the queue goes
// through it once more. A cache belongs to one goroutine at a time. No method is safe for concurrent use, except those by which the budget
// takes memory from an idle cache.
//
// Recent entries, and all that are pinned, can only be dropped by the owner. The other entries, and the map of all, are reached through one atomic
// pointer. Whoever needs memory while this cache is idle swaps the pointer for nil; it takes no lock and reads none of the entries. The
// owner finds the pointer nil at its next call and makes a new map of its recent entries.
type Cache[V any] struct {
	budget   *Budget
	pinned   func(*Entry[V]) bool
	older    atomic.Pointer[older[V]]
	lastCall atomic.Int64 // on the budget's clock
	recent   queue[V]
	bytes    int64 // of recent
	closed   bool
}

// older holds the entries that are not recent, in the order in which they are dropped, and the map of all entries.
type older[V any] struct {
	entries map[string]*Entry[V]
	queue   queue[V]
	bytes   atomic.Int64 // of queue; negative once they were taken
}

const (
	// taken is what bytes of older is set to when it was taken: no sum of entries makes it positive again.
	taken = -1 << 60
	// slot is the memory of one entry in a map.
	slot = 48
	// recentPart is the part of its fair share that a cache may fill with recent entries.
	recentPart = 4
	// checked bounds the recent entries that one call checks for being used or pinned.
	checked = 2
)

// New returns an empty cache in a budget. Entries that pinned reports are never dropped, so that a cache may exceed its
// budget by them; nil: there are none. The caller closes it.
func New[V any](b *Budget, pinned func(*Entry[V]) bool) *Cache[V] {
	c := &Cache[V]{budget: b, pinned: pinned}
	c.begin()
	b.join(c)
	return c
}

// begin makes a map of the recent entries.
func (c *Cache[V]) begin() *older[V] {
	o := &older[V]{entries: map[string]*Entry[V]{}}
	for e := range c.recent.all {
		o.entries[e.Key] = e
	}
	c.older.Store(o)
	return o
}

// open notes that the cache is in use and returns its map and older entries.
func (c *Cache[V]) open() *older[V] {
	if now := c.budget.added.Load(); c.lastCall.Load() != now {
		c.lastCall.Store(now)
	}
	if o := c.older.Load(); o != nil {
		return o
	}
	return c.begin()
}

// Get returns the entry at key; nil if it is not there. It stays at least until the next call.
func (c *Cache[V]) Get(key []byte) *Entry[V] {
	o := c.open()
	e := o.entries[string(key)]
	if e == nil {
		return nil
	}
	switch {
	case e.older != nil:
		c.take(e)
		c.put(e)
	case c.budget.exceeded():
		e.used = true
	default: // nothing has come in that something would have to go for
		e.used = true
		return e
	}
	c.trim(o, e)
	return e
}

// Add puts a value at a key that is not there. bytes is what the value takes in memory beside V itself.
func (c *Cache[V]) Add(key string, value V, bytes int) *Entry[V] {
	e := &Entry[V]{Key: key, Value: value}
	e.bytes = cost(e, bytes)
	if c.closed {
		return e
	}
	o := c.open()
	o.entries[key] = e
	c.budget.used.Add(e.bytes)
	c.budget.added.Add(e.bytes)
	c.put(e)
	c.shrink(o, e)
	return e
}

// cost is what an entry takes with all that belongs to it.
func cost[V any](e *Entry[V], bytes int) int64 {
	return int64(unsafe.Sizeof(*e)) + slot + int64(len(e.Key)) + int64(bytes)
}

// Resize says that the value of an entry takes another number of bytes now. It does nothing to one that is no longer there.
func (c *Cache[V]) Resize(e *Entry[V], bytes int) {
	o := c.open()
	if o.entries[e.Key] != e {
		return
	}
	if e.older != nil {
		c.take(e)
		c.put(e)
	}
	grown := cost(e, bytes) - e.bytes
	e.bytes += grown
	c.bytes += grown
	c.budget.used.Add(grown)
	c.budget.added.Add(max(grown, 0))
	c.shrink(o, e)
}

// Forget drops the entry at key, if it is there.
func (c *Cache[V]) Forget(key string) {
	o := c.open()
	if e := o.entries[key]; e != nil {
		c.drop(o, e)
	}
}

// Remove drops an entry, pinned or not. It does nothing to one that is no longer there.
func (c *Cache[V]) Remove(e *Entry[V]) {
	if o := c.open(); o.entries[e.Key] == e {
		c.drop(o, e)
	}
}

func (c *Cache[V]) drop(o *older[V], e *Entry[V]) {
	c.take(e)
	c.budget.used.Add(-e.bytes)
	delete(o.entries, e.Key)
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
	if e.older == nil {
		c.recent.remove(e)
		c.bytes -= e.bytes
		return
	}
	e.older.queue.remove(e)
	if e.older.bytes.Add(-e.bytes) < 0 { // they were taken in between, and this entry with them
		c.budget.used.Add(e.bytes)
	}
	e.older = nil
}

// trim makes recent entries older ones where there are too many, and drops the oldest while the budget is exceeded. The entry at hand stays recent.
func (c *Cache[V]) trim(o *older[V], at *Entry[V]) {
	fair := c.budget.fair.Load()
	for range checked {
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
		e.older = o
		o.queue.push(e)
		if o.bytes.Add(e.bytes) < 0 { // it goes with the others that were taken
			c.budget.used.Add(-e.bytes)
		}
	}
	for c.budget.exceeded() && c.bytes+o.bytes.Load() > fair {
		e := o.queue.peek()
		if e == nil {
			break
		}
		c.drop(o, e)
	}
}

// shrink makes room after something has grown: here, then in caches that are idle.
func (c *Cache[V]) shrink(o *older[V], at *Entry[V]) {
	c.trim(o, at)
	if c.budget.exceeded() {
		c.budget.reclaim()
	}
}

// calledAt implements [member].
func (c *Cache[V]) calledAt() int64 { return c.lastCall.Load() }

// spare implements [member].
func (c *Cache[V]) spare() int64 {
	o := c.older.Load()
	if o == nil {
		return 0
	}
	return max(o.bytes.Load(), 0)
}

// release implements [member].
func (c *Cache[V]) release() int64 {
	o := c.older.Swap(nil)
	if o == nil {
		return 0
	}
	return o.bytes.Swap(taken)
}
