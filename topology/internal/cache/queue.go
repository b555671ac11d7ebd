package cache

// queue is a list of entries, first in, first out. An entry that is taken out in the middle leaves a place behind that no longer counts; so
// nothing but the queue itself is read or written for it, and none of its neighbours.
type queue[V any] struct {
	places []place[V]
	first  int // of places; those before it are empty
	void   int // places that no longer count
}

// place counts while the turn of its entry is the same: an entry has a turn for each time that it was queued.
type place[V any] struct {
	entry *Entry[V]
	turn  uint32
}

func (p place[V]) counts() bool { return p.entry.turn == p.turn }

// push puts an entry that is in no queue at the end.
func (q *queue[V]) push(e *Entry[V]) {
	if len(q.places) == cap(q.places) && q.first+q.void > len(q.places)/2 {
		q.compact()
	}
	q.places = append(q.places, place[V]{e, e.turn})
}

// compact moves what counts to the front.
func (q *queue[V]) compact() {
	kept := q.places[:0]
	for _, p := range q.places[q.first:] {
		if p.counts() {
			kept = append(kept, p)
		}
	}
	clear(q.places[len(kept):])
	q.places, q.first, q.void = kept, 0, 0
}

// peek returns the first entry; nil if there is none.
func (q *queue[V]) peek() *Entry[V] {
	for q.first < len(q.places) {
		if p := q.places[q.first]; p.counts() {
			return p.entry
		}
		q.places[q.first] = place[V]{}
		q.first++
		q.void--
	}
	return nil
}

// pop takes out the first entry, which peek has returned.
func (q *queue[V]) pop() {
	q.places[q.first].entry.turn++
	q.places[q.first] = place[V]{}
	q.first++
}

// remove takes out an entry of the queue.
func (q *queue[V]) remove(e *Entry[V]) {
	e.turn++
	q.void++
}

// all yields the entries.
func (q *queue[V]) all(yield func(*Entry[V]) bool) {
	for _, p := range q.places[q.first:] {
		if p.counts() && !yield(p.entry) {
			return
		}
	}
}
