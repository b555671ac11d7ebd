package processors

import (
	"math"

	"github.com/eddystream/eddy/tables"
)

// store keeps a link in the row, or collects it for its chunk. Where the row becomes too large it is left to the wiki that has the most in it.
func (v *view) store(s *tables.SourceEdges, u tables.ChunkEdge) error {
	if s.Width == 0 {
		s.Edges.Apply(u)
		if s.Edges.Len() > v.h.o.InlineEdges {
			return v.moveToChunks(s)
		}
		if most := v.row.Heaviest(func(s *tables.SourceEdges) int { return s.Edges.Size() }); most != nil {
			return v.moveToChunks(most)
		}
		return nil
	}
	s.Pending = append(s.Pending, u)
	if len(s.Pending) >= tables.PendingEdges {
		return v.flush(s)
	}
	if len(v.row.Sources) == 1 {
		return nil // so few updates, with a title of 255 bytes each, are never too much
	}
	if most := v.row.Heaviest(pendingBytes); most != nil {
		return v.flush(most)
	}
	return nil
}

func pendingBytes(s *tables.SourceEdges) int {
	n := 0
	for i := range s.Pending {
		n += s.Pending[i].Size()
	}
	return n
}

// moveToChunks moves the links of one wiki from the row to chunks, whose width it chooses once: wider where the pages are
// sparse, so that a chunk has some dozens of them.
func (v *view) moveToChunks(s *tables.SourceEdges) error {
	first, last := int64(math.MaxInt64), int64(0)
	for _, set := range s.Edges.Sets() {
		first, last = min(first, set[0]), max(last, set[len(set)-1])
	}
	s.Pending = s.Edges.All()
	s.Width = uint8(v.h.o.ChunkWidth)
	for wider := s.Width + 2; s.Width < wider && int64(len(s.Pending)) < sparse*((last-first)>>s.Width); {
		s.Width++
	}
	s.Edges = tables.Edges{}
	return v.flush(s)
}

// sparse is how many links a chunk should have at least when its width is chosen.
const sparse = 32

// flush sends the collected updates to their chunks, each in order.
func (v *view) flush(s *tables.SourceEdges) error {
	pending := s.Pending
	s.Pending = nil
	return v.h.send(v.r, pending, func(page int64) tables.Target {
		return v.row.Route(v.key, s, page, v.h.onlyRanges)
	})
}
