package cache

// list is a list of entries in the order of their use.
type list[V any] struct {
	newest, oldest *Entry[V]
}

// add puts an entry that is in no list before the newest.
func (l *list[V]) add(e *Entry[V]) {
	e.older, e.newer = l.newest, nil
	if l.newest != nil {
		l.newest.newer = e
	}
	l.newest = e
	if l.oldest == nil {
		l.oldest = e
	}
}

// remove takes out an entry of the list.
func (l *list[V]) remove(e *Entry[V]) {
	if e.newer != nil {
		e.newer.older = e.older
	} else {
		l.newest = e.older
	}
	if e.older != nil {
		e.older.newer = e.newer
	} else {
		l.oldest = e.newer
	}
	e.newer, e.older = nil, nil
}
