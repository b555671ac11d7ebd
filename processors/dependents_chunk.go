package processors

import (
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// chunk updates one chunk of a target's links, then walks it.
func (h *dependents) chunk(r topology.Scope, key tables.Target, step *tables.ChunkStep) error {
	row, found, err := h.rows.Get(r)
	if err != nil {
		return err
	}
	if !found || row.Chunk == nil {
		row = &tables.DependentsRow{Chunk: &tables.ChunkRow{}}
	}
	for _, u := range step.Edges {
		row.Chunk.Edges.Apply(u)
	}
	if w := step.Walk; w != nil {
		out := &emitter{h: h, r: r, hop: w.Hop, reach: w.Came(), parent: w.ID, except: w.Except}
		if err := out.edges(key.Row(), &row.Chunk.Edges, key.Chunk.Source, w.Types); err != nil {
			return err
		}
		if err := out.report(); err != nil {
			return err
		}
	}
	if len(step.Edges) == 0 {
		return nil
	}
	if row.Chunk.Edges.Len() == 0 {
		return h.rows.Delete(r)
	}
	return h.rows.Set(r, row)
}
