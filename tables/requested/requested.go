// Package requested reads what is known of chunks of 256 pages, and what cascades asked for there, whatever the layout of the rows.
package requested

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// Chunk is what is known of a chunk of pages.
type Chunk struct {
	Key      tables.PageKey
	Pages    []tables.PageRender // sorted by Offset
	Cascades []Cascade           // sorted by ID
}

// Cascade is what a cascade asked for in a chunk.
type Cascade struct {
	ID          tables.CascadeID
	Of          *tables.Cascade // nil: the row has the id alone; the table of cascades has the rest
	Closed      bool
	Asked       tables.Bits
	Outstanding tables.Bits
}

// Page returns what is known of a page, nil if nothing is.
func (c *Chunk) Page(offset byte) *tables.PageRender {
	for i := range c.Pages {
		if c.Pages[i].Offset == int32(offset) {
			return &c.Pages[i]
		}
	}
	return nil
}

// add takes in a part. It goes before what is known already, but an open cascade before one that has ended.
func (c *Chunk) add(key tables.RequestPartKey, part *tables.RequestPart) error {
	if part.Page != nil {
		if p := c.Page(byte(part.Page.Offset)); p != nil {
			*p = *part.Page
		} else {
			c.Pages = append(c.Pages, *part.Page)
		}
	}
	if part.Asked == nil {
		return nil
	}
	id, ended, err := tables.CascadeOfPart(key)
	if err != nil {
		return err
	}
	if ended && slices.ContainsFunc(c.Cascades, func(o Cascade) bool { return o.ID == id }) {
		return nil // a crash came between the writes of both
	}
	a := Cascade{ID: id, Closed: ended, Asked: part.Asked.Asked.Bits()}
	if !ended {
		a.Outstanding = a.Asked.Without(part.Asked.Answered.Bits())
	}
	c.Cascades = append(c.Cascades, a)
	return nil
}

func (c *Chunk) addRow(row *tables.RequestRow) {
	c.Pages = slices.Clone(row.Pages)
	for i := range row.Cascades {
		o := &row.Cascades[i]
		c.Cascades = append(c.Cascades, Cascade{ID: o.Cascade.ID, Of: &o.Cascade, Closed: o.Closed, Asked: o.Asked, Outstanding: o.Outstanding})
	}
}

func (c *Chunk) sort() *Chunk {
	slices.SortFunc(c.Pages, func(a, b tables.PageRender) int { return cmp.Compare(a.Offset, b.Offset) })
	slices.SortFunc(c.Cascades, func(a, b Cascade) int { return cmp.Compare(a.ID, b.ID) })
	return c
}

// Rows reads a table; a [topology.View] does.
type Rows[K, V any] interface {
	Get(key K) (V, bool, error)
	Prefix(prefix []byte) iter.Seq2[topology.Entry[K, V], error]
}

// Tables are the tables that have it.
type Tables struct {
	Rows  Rows[tables.PageKey, *tables.RequestRow]
	Parts Rows[tables.RequestPartKey, *tables.RequestPart]
}

// Load reads a chunk; it is empty if nothing is known of it.
func (t Tables) Load(chunk tables.PageKey) (*Chunk, error) {
	c := &Chunk{Key: chunk}
	row, ok, err := t.Rows.Get(chunk)
	if err != nil {
		return nil, err
	}
	if ok {
		c.addRow(row)
	}
	prefix, err := tables.RequestPartsOf(chunk)
	if err != nil {
		return nil, err
	}
	for e, err := range t.Parts.Prefix(prefix) {
		if err != nil {
			return nil, err
		}
		if err := c.add(e.Key, e.Value); err != nil {
			return nil, err
		}
	}
	return c.sort(), nil
}

// All iterates over the chunks whose keys begin with prefix, in the order of their encoded keys. A row that cannot be decoded is yielded as an error that
// wraps [topology.ErrDecode], and the iteration goes on, if the loop does.
func (t Tables) All(prefix string) iter.Seq2[*Chunk, error] {
	return func(yield func(*Chunk, error) bool) {
		nextRow, stopRows := iter.Pull2(t.Rows.Prefix([]byte(prefix)))
		defer stopRows()
		row, rowErr, moreRows := nextRow()
		var c *Chunk
		// before yields what comes before a chunk, and lets c be it; no key: all.
		before := func(key *tables.PageKey) bool {
			if c != nil && key != nil && c.Key == *key {
				return true
			}
			if c != nil && !yield(c.sort(), nil) {
				return false
			}
			c = nil
			for ; moreRows; row, rowErr, moreRows = nextRow() {
				if rowErr != nil {
					if !yield(nil, rowErr) {
						return false
					}
					continue
				}
				order := -1
				if key != nil {
					order = strings.Compare(row.Key.String(), key.String())
				}
				if order > 0 {
					break
				}
				r := &Chunk{Key: row.Key}
				r.addRow(row.Value)
				if order == 0 {
					c = r
				} else if !yield(r.sort(), nil) {
					return false
				}
			}
			if c == nil && key != nil {
				c = &Chunk{Key: *key}
			}
			return true
		}
		for e, err := range t.Parts.Prefix([]byte(prefix)) {
			if err == nil {
				if !before(&e.Key.First) {
					return
				}
				err = c.add(e.Key, e.Value)
			}
			if err != nil && !yield(nil, err) {
				return
			}
		}
		before(nil)
	}
}
