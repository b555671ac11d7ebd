package processors

import (
	"math"
	"slices"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// The links of a page for which its row has no room are in parts. Whoever handles a record has the row with all of them.
//
// With at-least-once a crash may leave the row in the log and not its parts, or the parts deleted and not the row. The row is *torn* then: it has some
// of the page's links. The records that led to it come again. What is missing are links that a rendering among them has sent, or has taken
// back, and none that only the row knows of: each of the renderings becomes the page's, and what is not known to be there is sent, or is taken back as a
// whole.

// linksRoom is how many bytes of links a row holds. Where rows are written as by a release that knows of no parts, for its workers to read, there can
// be none.
func linksRoom(o Options, rows codecs.Codec[*tables.LinksRow]) int {
	inParts := &tables.LinksRow{Render: &tables.RenderState{Parts: []int64{1}}}
	if asBefore(rows, inParts, func(row *tables.LinksRow) bool { return len(row.Render.Parts) > 0 }) {
		return math.MaxInt
	}
	return o.LinksBytes
}

// kept is what the store has of a page's parts.
type kept struct {
	torn  bool
	parts []int64 // those that are there, of those that the row names
}

// row returns the row of a page, with all its links; of one that is torn, with those that there are.
func (h *links) row(r topology.Scope, page tables.PageKey) (row *tables.LinksRow, k kept, err error) {
	row, found, err := h.rows.Get(r)
	switch {
	case err != nil:
		return nil, k, err
	case !found:
		return &tables.LinksRow{}, k, nil
	}
	row, whole, err := row.Fill(func(name int64) (*tables.LinksPart, bool, error) {
		part, found, err := h.parts.Get(r, partKey(page, name))
		if found {
			k.parts = append(k.parts, name)
		}
		return part, found, err
	})
	k.torn = !whole
	return row, k, err
}

func partKey(page tables.PageKey, name int64) tables.LinksPartKey {
	return tables.LinksPartKey{First: page, Second: tables.LinksPartName(name)}
}

// save writes the row of a page, and its parts as far as they are not there; others are deleted.
func (h *links) save(r topology.Scope, page tables.PageKey, row *tables.LinksRow, k kept) error {
	if h.fits(row.Render) && h.fits(row.Older) {
		if len(k.parts) > 0 {
			if err := h.sweep(r, page, nil, k); err != nil {
				return err
			}
		}
		return h.rows.Set(r, row)
	}
	head := *row
	for _, state := range [...]**tables.RenderState{&head.Render, &head.Older} {
		if h.fits(*state) {
			continue
		}
		*state = new(**state)
		if err := h.part(r, page, *state, k); err != nil {
			return err
		}
	}
	if err := h.sweep(r, page, head.PartNames(), k); err != nil {
		return err
	}
	return h.rows.Set(r, &head)
}

// fits reports whether a row can have a rendering as it is.
func (h *links) fits(state *tables.RenderState) bool {
	return state == nil || len(state.Parts) == 0 && state.Fits(h.room)
}

// part leaves in a rendering the names of its parts, and writes those that are not there.
func (h *links) part(r topology.Scope, page tables.PageKey, state *tables.RenderState, k kept) error {
	if h.room == math.MaxInt && !k.torn {
		state.Parts = nil
		return nil
	}
	if len(state.Parts) == 0 {
		for _, part := range state.Split(h.room) {
			name := part.Name()
			state.Parts = append(state.Parts, name)
			if slices.Contains(k.parts, name) {
				continue
			}
			if err := h.parts.Set(r, partKey(page, name), part); err != nil {
				return err
			}
		}
	}
	state.Links = nil
	return nil
}

// sweep deletes the parts that a page does not have any more. After a crash there may be some that it never had.
func (h *links) sweep(r topology.Scope, page tables.PageKey, names []int64, k kept) error {
	slices.Sort(k.parts)
	if slices.Equal(names, slices.Compact(k.parts)) {
		return nil
	}
	stays := make(map[string]bool, len(names))
	for _, name := range names {
		stays[tables.LinksPartName(name)] = true
	}
	for e, err := range h.parts.Prefix(r, tables.LinksPartKey{First: page}) {
		if err != nil {
			return err
		}
		if stays[e.Key.Second] {
			continue
		}
		if err := h.parts.Delete(r, e.Key); err != nil {
			return err
		}
	}
	return nil
}

// restore takes in a rendering that is known, where the row of its page is torn: if it is the page's, what is missing is in it.
func (e edges) restore(row *tables.LinksRow, state *tables.RenderState, k kept) error {
	switch {
	case e.same(row.Render, state):
		before := own(row)
		row.Render = state
		if !row.Active() {
			if err := e.takeBack(row, state); err != nil {
				return err
			}
		} else if err := e.diff(row, before, state.Start, true); err != nil {
			return err
		}
	case e.same(row.Older, state):
		row.Older = state
		if err := e.takeBack(row, state); err != nil {
			return err
		}
	default:
		return e.takeBack(row, state)
	}
	return e.h.save(e.r, e.page, row, k)
}

// same reports whether a rendering is one of a row that has it in parts.
func (e edges) same(of, state *tables.RenderState) bool {
	if of == nil || len(of.Parts) == 0 || of.Start != state.Start || of.Rev != state.Rev || of.Direct != state.Direct || of.Hash != state.Hash {
		return false
	}
	parts := state.Split(e.h.room)
	return slices.EqualFunc(of.Parts, parts, func(name int64, part *tables.LinksPart) bool { return name == part.Name() })
}
