// Package dependents reads the reverse index: who uses a target, and what a change of it would reach.
package dependents

import (
	"fmt"

	"github.com/eddystream/eddy/tables"
)

// Rows reads the dependents table; a view of it does.
type Rows interface {
	// Get returns a row, which the caller does not change.
	Get(key tables.Target) (*tables.DependentsRow, bool, error)
}

// Uses is who uses one target.
type Uses struct {
	Target tables.Target
	// Holder is the page that has the title; 0: none.
	Holder int64
	// Sources are the users by wiki, in the order of the wikis' names.
	Sources []Source
}

// Source is the users of one wiki.
type Source struct {
	Wiki  string
	Edges tables.Edges
}

// Len returns the number of links.
func (u *Uses) Len() int {
	n := 0
	for i := range u.Sources {
		n += u.Sources[i].Edges.Len()
	}
	return n
}

// Load reads the row of a target with all its chunks, whatever their layout. False: nobody ever used it.
func Load(rows Rows, target tables.Target) (*Uses, bool, error) {
	row, ok, err := rows.Get(target)
	if err != nil || !ok {
		return nil, false, err
	}
	if row.Target == nil {
		return nil, false, fmt.Errorf("row %q is not a target's", target)
	}
	uses := &Uses{Target: target, Holder: row.Target.Holder}
	for i := range row.Target.Sources {
		from := &row.Target.Sources[i]
		edges, err := collect(rows, target, from)
		if err != nil {
			return nil, false, err
		}
		if !row.Target.Direct {
			edges.NobodyDirect()
		}
		if edges.Len() > 0 {
			uses.Sources = append(uses.Sources, Source{Wiki: from.Wiki, Edges: edges})
		}
	}
	return uses, true, nil
}

// collect joins the edges of a row or of its chunks, and the updates that the row has not handed to the chunks yet.
func collect(rows Rows, target tables.Target, from *tables.SourceEdges) (tables.Edges, error) {
	edges := from.Edges.Clone()
	for i := range from.NumChunks() {
		if err := appendChunk(rows, from.ChunkAt(target, i), &edges); err != nil {
			return tables.Edges{}, err
		}
	}
	edges.Sort()
	for _, update := range from.Pending {
		edges.Apply(update)
	}
	return edges, nil
}

// appendChunk adds the links of a chunk and its buckets. One without a row has updates that are still on their way.
func appendChunk(rows Rows, key tables.Target, edges *tables.Edges) error {
	row, ok, err := rows.Get(key)
	switch {
	case err != nil || !ok:
		return err
	case row.Chunk != nil:
		edges.Append(&row.Chunk.Edges)
		return nil
	case len(row.Parts) == 0:
		return fmt.Errorf("row %q is not a chunk's", key)
	}
	for n := range tables.Fork {
		if row.Parts.Has(n) {
			if err := appendChunk(rows, key.Part(n), edges); err != nil {
				return err
			}
		}
	}
	return nil
}
