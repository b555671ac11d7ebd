package processors

import (
	"context"
	"math"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// cascades follows each cascade from its first message to its end, and tells the rows that hold something for it when
// they may let go.
//
// A cascade is expanded when every message that was sent is done. Both are sets of ids: repeats and re-runs add what is
// there already, where counters would drift.
type cascades struct {
	o      Options
	room   int // of a row
	rows   topology.State[tables.CascadeID, *tables.CascadeRow]
	parts  topology.Store[tables.CascadePartKey, *tables.CascadePart]
	ends   *topology.Timers[tables.CascadeID] // what is left to do of those that have ended
	events topology.Sink[tables.CascadeID, tables.CascadeEvent]
	chunks topology.Sink[tables.PageKey, *tables.RequestClosing]
}

func addCascades(b *topology.Builder, o Options) {
	p := topology.AddProcessor(b, "cascades", tables.CascadeIDs())
	h := &cascades{
		o:      o,
		room:   room(o),
		rows:   topology.Persist(p, tables.CascadeRows),
		parts:  topology.AddStore(p, "parts", tables.CascadePartKeys(), tables.CascadePartRows),
		ends:   topology.AddTimers(p, "ends", tables.CascadeIDs(), topology.WallClock),
		events: topology.Output(p, tables.CascadeEvents),
		chunks: topology.Output(p, tables.RequestClosings),
	}
	topology.Input(p, tables.CascadeProgress).Handle(h.progress)
	h.ends.Handle(h.ended)
}

// room is how many entries a row holds. Where rows are written as by a release that knows of no parts, for its workers to read, there can be none.
func room(o Options) int {
	if asBefore(tables.CascadeRows, &tables.CascadeRow{At: 1}, func(row *tables.CascadeRow) bool { return row.At != 0 }) {
		return math.MaxInt
	}
	return o.CascadeEntries
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
	if !found && p.Cascade.Wiki == "" {
		return nil // what a chunk counts, of a cascade that has been forgotten
	}
	if !found {
		row = &tables.CascadeRow{Cascade: p.Cascade}
		if err := h.enter(r, row, tables.PhaseStarted); err != nil {
			return err
		}
	}
	u := &tables.CascadeUpdate{
		Row: row, Room: h.room, At: tables.PlaceOf(r.Offset(), r.Index()),
		Part: func(path string) (*tables.CascadePart, error) {
			part, _, err := h.parts.Get(r, tables.CascadePartKey{First: r.Key, Second: path})
			return part, err
		},
	}
	if err := h.take(r, u, p); err != nil {
		return err
	}
	if p.Superseded && !row.Phase.Final() {
		if err := h.end(r, row, tables.PhaseSuperseded); err != nil {
			return err
		}
	}
	if u.Whole() {
		if err := h.advance(r, row); err != nil {
			return err
		}
	}
	if !found && row.Unreported() {
		// As a rule the report is right behind. Where a crash came between what a walk asked and its report, and there was nothing to ask when it
		// was done again, there is none.
		if err := h.ends.Set(r, r.Key, h.o.Now().Add(settled)); err != nil {
			return err
		}
	}
	return h.rows.Set(r, row)
}

// take takes the record into the rows. Behind the end messages mean nothing, and counts are late: the chunk may not have heard of the end, or have
// forgotten it, and is told, though it waits for nothing, for it keeps what has not ended.
func (h *cascades) take(r *topology.Record[tables.CascadeID, *tables.Progress], u *tables.CascadeUpdate, p *tables.Progress) error {
	row, asked := u.Row, u.Row.Asked
	if row.Phase.Final() {
		row.Forget()
	} else if err := u.Note(p, rootMessage(row.Cascade)); err != nil {
		return err
	}
	for _, c := range p.Chunks {
		if err := u.Count(c); err != nil {
			return err
		}
	}
	err := u.Save(func(path string, part *tables.CascadePart) error {
		return h.parts.Set(r, tables.CascadePartKey{First: r.Key, Second: path}, part)
	})
	if err != nil || len(p.Chunks) == 0 || !row.Phase.Final() {
		return err
	}
	row.Late += row.Asked - asked
	row.Outstanding = 0
	return h.tell(r, row, p.Chunks)
}

// advance moves the cascade on as far as its counts allow.
func (h *cascades) advance(r topology.Scope, row *tables.CascadeRow) error {
	if row.Phase.Final() || !row.Expanded() {
		return nil
	}
	if row.Phase == tables.PhaseStarted {
		if err := h.enter(r, row, tables.PhaseExpanded); err != nil {
			return err
		}
	}
	switch {
	case row.Outstanding > 0:
		return nil
	case row.Abandoned > 0:
		return h.end(r, row, tables.PhaseAbandoned)
	}
	return h.end(r, row, tables.PhaseComplete)
}

// enter sets the phase and reports it.
func (h *cascades) enter(r topology.Scope, row *tables.CascadeRow, phase tables.Phase) error {
	row.Phase = phase
	c := row.Cascade
	root, err := prefixed(h.o.Sites, c.RootTitle(), c.Prefix)
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
