package engine

// row is a decoded row of a partition of a table, or the knowledge that there is none.
type row struct {
	key   string
	value any
	ok    bool
	raw   []byte // what value was decoded from, where the cache is checked against the store
	size  int    // of the encoded value, as last seen

	// Of own tables.
	dirty   bool   // written in the open batch
	checked bool   // the key belongs to this partition
	seq     uint64 // the last cut batch that wrote it; 0: none
	by      origin // the record that wrote it last in the open batch

	newer, older *row
}

// cache keeps the rows used last. Rows that pinned reports are never dropped, so it may grow past its bound by them.
// It is not safe for concurrent use.
type cache struct {
	limit  int
	rows   map[string]*row
	pinned func(*row) bool
	newest *row
	oldest *row
}

func newCache(limit int, pinned func(*row) bool) *cache {
	return &cache{limit: max(limit, 1), rows: make(map[string]*row), pinned: pinned}
}

// get returns the row at key and makes it the newest; nil if it is not there.
func (c *cache) get(key []byte) *row {
	r := c.rows[string(key)]
	if r != nil && r != c.newest {
		c.unlink(r)
		c.link(r)
	}
	return r
}

// add puts a row that is not there and drops the oldest ones past the bound.
func (c *cache) add(r *row) {
	c.rows[r.key] = r
	c.link(r)
	for len(c.rows) > c.limit && c.oldest != r && (c.pinned == nil || !c.pinned(c.oldest)) {
		c.remove(c.oldest)
	}
}

func (c *cache) remove(r *row) {
	c.unlink(r)
	delete(c.rows, r.key)
}

// clear drops all rows, pinned or not.
func (c *cache) clear() {
	clear(c.rows)
	c.newest, c.oldest = nil, nil
}

func (c *cache) link(r *row) {
	r.older, r.newer = c.newest, nil
	if c.newest != nil {
		c.newest.newer = r
	}
	c.newest = r
	if c.oldest == nil {
		c.oldest = r
	}
}

func (c *cache) unlink(r *row) {
	if r.newer != nil {
		r.newer.older = r.older
	} else {
		c.newest = r.older
	}
	if r.older != nil {
		r.older.newer = r.newer
	} else {
		c.oldest = r.newer
	}
	r.newer, r.older = nil, nil
}
