package processors

import (
	"maps"
	"slices"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// chunk updates one chunk of a target's links, then walks it. One that has become too large is split: from then on it has no links of its own, and
// what comes to it goes on to its buckets. All that a bucket gets comes from the row above it, so updates and walks stay in order.
func (h *dependents) chunk(r topology.Scope, key tables.Target, step *tables.ChunkStep) error {
	row, found, err := h.rows.Get(r)
	switch {
	case err != nil:
		return err
	case found && len(row.Parts) > 0:
		return h.forward(r, key, row, step)
	case !found || row.Chunk == nil:
		row = &tables.DependentsRow{Chunk: &tables.ChunkRow{}}
	}
	edges := &row.Chunk.Edges
	for _, u := range step.Edges {
		edges.Apply(u)
	}
	if w := step.Walk; w != nil {
		out := &emitter{h: h, r: r, hop: w.Hop, reach: w.Came(), parent: w.ID, except: w.Except}
		if err := out.askUsers(key.Row(), edges, key.Chunk.Source, w.Types); err != nil {
			return err
		}
		if err := out.report(); err != nil {
			return err
		}
	}
	switch {
	case len(step.Edges) == 0:
		return nil
	case edges.Len() == 0:
		return h.rows.Delete(r)
	case h.tooLarge(key, edges):
		return h.forward(r, key, &tables.DependentsRow{}, &tables.ChunkStep{Edges: edges.All()})
	}
	return h.rows.Set(r, row)
}

// tooLarge reports whether a chunk is to be split. A range has no more links than ids, and in few bytes.
func (h *dependents) tooLarge(key tables.Target, e *tables.Edges) bool {
	c := key.Chunk
	return !h.onlyRanges && c.Level < tables.MaxLevel && (c.Level > 0 && e.Len() > h.o.BucketEdges || e.NameBytes() > tables.ChunkBytes)
}

// forward lets a step go on to the buckets of a chunk that is split.
func (h *dependents) forward(r topology.Scope, key tables.Target, row *tables.DependentsRow, step *tables.ChunkStep) error {
	before := row.Parts.Len()
	err := h.send(r, step.Edges, func(page int64) tables.Target {
		n := key.Chunk.PartOf(page)
		row.Parts.Add(n)
		return key.Part(n)
	})
	if err != nil {
		return err
	}
	if w := step.Walk; w != nil {
		out := &emitter{h: h, r: r, hop: w.Hop, reach: w.Came(), parent: w.ID, except: w.Except}
		for n := range tables.Fork {
			if !row.Parts.Has(n) {
				continue
			}
			if err := out.walkChunk(key.Part(n), w.Types); err != nil {
				return err
			}
		}
		if err := out.report(); err != nil {
			return err
		}
	}
	if row.Parts.Len() == before {
		return nil
	}
	return h.rows.Set(r, row)
}

// onlyRanges reports whether rows are written as by a release that knows of no buckets, for its workers to read: there can be none, then.
func onlyRanges() bool {
	split := &tables.DependentsRow{Parts: tables.Bits{1}}
	return asBefore(tables.DependentsRows(), split, func(row *tables.DependentsRow) bool { return len(row.Parts) > 0 })
}

// stepEdges is how many updates one message has at most.
const stepEdges = 1024

// send sends updates to the chunks that route says, each in order.
func (h *dependents) send(r topology.Scope, edges []tables.ChunkEdge, route func(page int64) tables.Target) error {
	type routed struct {
		to    tables.Target
		edges []tables.ChunkEdge
	}
	chunks := map[tables.Chunk]*routed{}
	for _, u := range edges {
		to := route(u.Page)
		c := chunks[to.Chunk]
		if c == nil {
			c = &routed{to: to}
			chunks[to.Chunk] = c
		}
		c.edges = append(c.edges, u)
	}
	for _, key := range slices.SortedFunc(maps.Keys(chunks), tables.Chunk.Compare) {
		c := chunks[key]
		for some := range slices.Chunk(c.edges, stepEdges) {
			if err := h.loop.Send(r, c.to, &tables.DependentsStep{Chunk: &tables.ChunkStep{Edges: some}}); err != nil {
				return err
			}
		}
	}
	return nil
}
