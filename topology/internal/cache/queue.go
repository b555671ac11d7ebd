package cache

// queue is a list of entries, first in, first out. Removing an entry from the middle leaves a stale item behind, which is skipped later: unlike
// in a linked list, no other entry is touched.
type queue[V any] struct {
	items []item[V]
	first int // index; the items before it are empty
	stale int // items behind it that no longer count
}

// item is stale once its entry has been removed, or removed and queued again.
type item[V any] struct {
	entry  *Entry[V]
	queued uint32
}

func (i item[V]) stale() bool { return i.entry.queued != i.queued }

// push puts an entry that is in no queue at the end.
func (q *queue[V]) push(e *Entry[V]) {
	if len(q.items) == cap(q.items) && q.first+q.stale > len(q.items)/2 {
		q.compact()
	}
	q.items = append(q.items, item[V]{e, e.queued})
}

// compact drops the items that are empty or stale.
func (q *queue[V]) compact() {
	kept := q.items[:0]
	for _, i := range q.items[q.first:] {
		if !i.stale() {
			kept = append(kept, i)
		}
	}
	clear(q.items[len(kept):])
	q.items, q.first, q.stale = kept, 0, 0
}

// peek returns the first entry; nil if there is none.
func (q *queue[V]) peek() *Entry[V] {
	for q.first < len(q.items) {
		if i := q.items[q.first]; !i.stale() {
			return i.entry
		}
		q.items[q.first] = item[V]{}
		q.first++
		q.stale--
	}
	return nil
}

// pop removes the first entry, which peek has just returned.
func (q *queue[V]) pop() {
	q.items[q.first].entry.queued++
	q.items[q.first] = item[V]{}
	q.first++
}

// remove removes an entry of the queue.
func (q *queue[V]) remove(e *Entry[V]) {
	e.queued++
	q.stale++
}

// all yields the entries.
func (q *queue[V]) all(yield func(*Entry[V]) bool) {
	for _, i := range q.items[q.first:] {
		if !i.stale() && !yield(i.entry) {
			return
		}
	}
}
