package processors

import (
	"context"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// titles decides which page a title means. Each claim and each release starts its own cascade, whether or not the
// holder changed on arrival: only so is the set of cascades the same in every order.
type titles struct {
	rows    topology.State[tables.Title, *tables.TitleRow]
	changes topology.Sink[tables.Target, *tables.TitleChange]
}

func addTitles(b *topology.Builder) {
	p := topology.AddProcessor(b, "titles", tables.TitleKeys())
	h := &titles{
		rows:    topology.Persist(p, tables.TitleRows),
		changes: topology.Output(p, tables.TitleChanges),
	}
	topology.Input(p, tables.Claims).Handle(h.claim)
}

func (h *titles) claim(_ context.Context, r *topology.Record[tables.Title, *tables.Claim]) error {
	if r.Deleted {
		return nil
	}
	c := r.Value
	row, found, err := h.rows.Get(r)
	if err != nil {
		return err
	}
	if !found {
		row = &tables.TitleRow{}
	}
	change := &tables.TitleChange{Page: c.Page, DT: c.DT}
	if c.Open {
		row.Claim(tables.TitleClaim{Page: c.Page, DT: c.DT, Rev: c.Rev, Redirect: c.Redirect, Event: c.Event, Version: c.Version})
		if c.Kind != tables.ChangeRedirect {
			change.Gained = c.Page
		}
		change.Was, change.Leads, change.Behind = c.Was, c.Redirect != nil, c.Behind
	} else {
		row.Release(c.Page, c.Version, c.DT, c.Event)
	}
	if holder, ok := row.Holder(); ok {
		change.Holder, change.Rev = holder.Page, holder.Rev
	}
	if !c.Quiet {
		cascade := tables.NewCascade(c.Kind, r.Key, c.Event, c.DT, c.Rev)
		cascade.Prefix, cascade.AsOf, cascade.Timeless = c.Prefix, c.AsOf, c.Timeless
		change.Starts = &cascade
	}
	if err := h.changes.Emit(r, tables.TitleTarget(r.Key), change); err != nil {
		return err
	}
	return h.rows.Set(r, row)
}
