package processors

import (
	"context"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// cascades follows each cascade from its first message to its end, and tells the rows that hold something for it when
// they may let go.
//
// A cascade is expanded when every message that was sent is done. Both are sets of ids: repeats and re-runs add what is
// there already, where counters would drift.
type cascades struct {
	sites  *tables.Sites
	rows   topology.State[tables.CascadeID, *tables.CascadeRow]
	events topology.Sink[tables.CascadeID, tables.CascadeEvent]
	chunks topology.Sink[tables.PageKey, *tables.RequestClosing]
}

func addCascades(b *topology.Builder, o Options) {
	p := topology.AddProcessor(b, "cascades", tables.CascadeIDs())
	h := &cascades{
		sites:  o.Sites,
		rows:   topology.Persist(p, tables.CascadeRows),
		events: topology.Output(p, tables.CascadeEvents),
		chunks: topology.Output(p, tables.RequestClosings),
	}
	topology.Input(p, tables.CascadeProgress).Handle(h.progress)
}

func (h *cascades) progress(_ context.Context, r *topology.Record[tables.CascadeID, *tables.Progress]) error {
	if r.Deleted {
		return nil
	}
	p := r.Value
	row, found, err := h.rows.Get(r)
	if err != nil {
		return err
	}
	if !found {
		row = &tables.CascadeRow{Cascade: p.Cascade}
		if err := h.enter(r, row, tables.PhaseStarted); err != nil {
			return err
		}
	}
	row.Note(p, rootMessage(row.Cascade))
	for _, c := range p.Chunks {
		if err := h.count(r, row, c); err != nil {
			return err
		}
	}
	if p.Superseded && !row.Phase.Final() {
		if err := h.end(r, row, tables.PhaseSuperseded); err != nil {
			return err
		}
	}
	if err := h.advance(r, row); err != nil {
		return err
	}
	return h.rows.Set(r, row)
}

// count takes in the counts of a chunk. After the end they are late, and the chunk may not have heard of the end, or have forgotten it: it is
// told, though it waits for nothing, for it keeps what has not ended.
func (h *cascades) count(r topology.Scope, row *tables.CascadeRow, c tables.ChunkProgress) error {
	asked := row.Asked
	row.Count(c)
	if !row.Phase.Final() {
		return nil
	}
	row.Late += row.Asked - asked
	row.Outstanding = 0
	return h.chunks.Emit(r, tables.PageKey{Wiki: c.Wiki, ID: c.Chunk}, &tables.RequestClosing{Cascade: row.Cascade.ID})
}

// advance moves the cascade on as far as its counts allow.
func (h *cascades) advance(r topology.Scope, row *tables.CascadeRow) error {
	if !row.Expanded() {
		return nil
	}
	if row.Phase.Final() {
		row.Forget()
		return nil
	}
	if row.Phase == tables.PhaseStarted {
		if err := h.enter(r, row, tables.PhaseExpanded); err != nil {
			return err
		}
	}
	if row.Outstanding > 0 {
		return nil
	}
	row.Forget()
	if row.Abandoned > 0 {
		return h.end(r, row, tables.PhaseAbandoned)
	}
	return h.end(r, row, tables.PhaseComplete)
}

// end closes the cascade: every chunk it asked may forget what is outstanding.
func (h *cascades) end(r topology.Scope, row *tables.CascadeRow, phase tables.Phase) error {
	if err := h.enter(r, row, phase); err != nil {
		return err
	}
	for _, c := range row.Chunks {
		key := tables.PageKey{Wiki: c.Wiki, ID: c.Chunk}
		if err := h.chunks.Emit(r, key, &tables.RequestClosing{Cascade: row.Cascade.ID}); err != nil {
			return err
		}
	}
	return nil
}

// enter sets the phase and reports it.
func (h *cascades) enter(r topology.Scope, row *tables.CascadeRow, phase tables.Phase) error {
	row.Phase = phase
	c := row.Cascade
	root, err := prefixed(h.sites, c.RootTitle(), c.Prefix)
	if err != nil {
		return err
	}
	return h.events.Emit(r, c.ID, tables.CascadeEvent{
		WikiID: c.Wiki, Phase: phase, Asked: row.Asked, Outstanding: row.Outstanding, Late: row.Late,
		Cascade: tables.RequestCascade{
			ID: c.ID, Kind: c.Kind, DT: c.DT,
			Root: tables.RequestRoot{PageTitle: root, Namespace: c.Root.Namespace},
		},
	})
}
