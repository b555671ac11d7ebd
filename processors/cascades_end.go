package processors

import (
	"context"
	"time"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

const (
	// partsAtOnce is how many parts of a cascade that has ended are gone through in one step.
	partsAtOnce = 16
	// settled is how long after the end of a cascade its parts may go. A crash may take back the end, if it was not in the log yet, and nothing that has
	// gone: so they go when it is in the log for sure, which takes no longer than a session of the group.
	settled = time.Hour
)

// end closes the cascade: every chunk it asked may forget what is outstanding. Those in the row are told at once, those in parts by and by.
func (h *cascades) end(r topology.Scope, row *tables.CascadeRow, phase tables.Phase) error {
	if err := h.enter(r, row, phase); err != nil {
		return err
	}
	row.Ended, row.Told = h.o.Now().Unix(), tables.ChunkPartsEnd
	next := h.leaves(row)
	if len(row.MessageParts) > 0 {
		next = settledAt(row)
	}
	if len(row.ChunkParts) > 0 {
		row.Told, next = "", atOnce
	}
	row.Forget()
	if err := h.tell(r, row, row.Chunks); err != nil {
		return err
	}
	return h.ends.Set(r, row.Cascade.ID, next)
}

// tell tells chunks of the end.
func (h *cascades) tell(r topology.Scope, row *tables.CascadeRow, chunks []tables.ChunkProgress) error {
	for _, c := range chunks {
		key := tables.PageKey{Wiki: c.Wiki, ID: c.Chunk}
		if err := h.chunks.Emit(r, key, &tables.RequestClosing{Cascade: row.Cascade.ID}); err != nil {
			return err
		}
	}
	return nil
}

// atOnce is when what is left to do is done as soon as records leave time for it.
var atOnce = time.Unix(0, 0)

func settledAt(row *tables.CascadeRow) time.Time { return time.Unix(row.Ended, 0).Add(settled) }

// leaves is when the cascade is forgotten.
func (h *cascades) leaves(row *tables.CascadeRow) time.Time {
	return time.Unix(row.Ended, 0).Add(h.o.KeepCascades)
}

// ended does the next step of what is left to do when a cascade has ended: tells the chunks in parts, then deletes the parts with messages, and in the end
// all of it. The chunks are kept as long as the row, for what comes late to be counted once.
func (h *cascades) ended(_ context.Context, t *topology.Timer[tables.CascadeID]) error {
	row, found, err := h.rows.Get(t)
	switch {
	case err != nil:
		return err
	case found && row.Unreported():
		row.Strays = true // all that was sent is what is known
		if err := h.advance(t, row); err != nil {
			return err
		}
		return h.rows.Set(t, row)
	case found && !row.Phase.Final():
		return nil // a crash has taken back the end; it comes again, and sets the timer
	case found && row.Told < tables.ChunkPartsEnd:
		return h.tellParts(t, row)
	}
	next, now := atOnce, h.o.Now()
	switch {
	case found && now.Before(settledAt(row)):
		return h.ends.Set(t, t.Key, settledAt(row))
	case found && now.Before(h.leaves(row)):
		left, err := h.deleteParts(t, tables.MessageParts, tables.MessagePartsEnd)
		if err != nil {
			return err
		}
		if !left {
			next = h.leaves(row)
		}
		return h.ends.Set(t, t.Key, next)
	}
	left, err := h.deleteParts(t, tables.ChunkParts, tables.MessagePartsEnd)
	switch {
	case err != nil:
		return err
	case left:
		return h.ends.Set(t, t.Key, next)
	}
	return h.rows.Delete(t)
}

// tellParts tells the chunks of the next parts of the end.
func (h *cascades) tellParts(t *topology.Timer[tables.CascadeID], row *tables.CascadeRow) error {
	from, n := row.Told+"\x00", 0
	if row.Told == "" {
		from = tables.ChunkParts
	}
	row.Told = tables.ChunkPartsEnd
	for e, err := range h.parts.Range(t, partOf(t, from), partOf(t, tables.ChunkPartsEnd)) {
		if err != nil {
			return err
		}
		if err := h.tell(t, row, e.Value.Chunks); err != nil {
			return err
		}
		if n++; n == partsAtOnce {
			row.Told = e.Key.Second
			break
		}
	}
	if err := h.rows.Set(t, row); err != nil {
		return err
	}
	return h.ends.Set(t, t.Key, atOnce)
}

// deleteParts deletes the next parts whose paths are in a range; there may be more.
func (h *cascades) deleteParts(t *topology.Timer[tables.CascadeID], from, to string) (more bool, err error) {
	n := 0
	for e, err := range h.parts.Range(t, partOf(t, from), partOf(t, to)) {
		if err != nil {
			return false, err
		}
		if err := h.parts.Delete(t, e.Key); err != nil {
			return false, err
		}
		if n++; n == partsAtOnce {
			return true, nil
		}
	}
	return false, nil
}

func partOf(t *topology.Timer[tables.CascadeID], path string) tables.CascadePartKey {
	return tables.CascadePartKey{First: t.Key, Second: path}
}
