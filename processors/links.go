package processors

import (
	"context"
	"fmt"
	"slices"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology"
)

// links keeps what each page uses. It diffs each whole rendering against the last and sends the difference to the
// targets; and it holds the two witnesses of a content change together: the page change says that there is a new
// revision, a rendering of it what others now see of it. Whichever comes second starts the cascade.
type links struct {
	o       Options
	room    int // of a row, for links
	rows    topology.State[tables.PageKey, *tables.LinksRow]
	parts   topology.Store[tables.LinksPartKey, *tables.LinksPart]
	targets topology.Sink[tables.Target, *tables.TargetUpdate]
	changes topology.Sink[tables.PageKey, tables.LinkChange]
	overdue *topology.Timers[tables.PageKey] // of pages with a rendering whose change has not come
}

func addLinks(b *topology.Builder, o Options) {
	p := topology.AddProcessor(b, "links", tables.PageKeys())
	h := &links{
		o:       o,
		room:    linksRoom(o, tables.LinksRows),
		rows:    topology.Persist(p, tables.LinksRows),
		parts:   topology.AddStore(p, "parts", tables.LinksPartKeys(), tables.LinksPartRows),
		targets: topology.Output(p, tables.TargetUpdates),
		changes: topology.Output(p, tables.LinkChanges),
		overdue: topology.AddTimers(p, "overdue", tables.PageKeys(), topology.WallClock),
	}
	h.overdue.Handle(h.lost)
	topology.Input(p, tables.Lives).Handle(h.life)
	topology.Input(p, tables.Renders).Handle(h.render)
	topology.Input(p, tables.Uses).Handle(h.used)
}

// render takes in one rendering.
func (h *links) render(_ context.Context, r *topology.Record[tables.PageKey, events.Render]) error {
	if r.Deleted || r.Value.Meta.Canary() {
		return nil
	}
	ev := &r.Value
	if got := (tables.PageKey{Wiki: ev.Wiki, ID: ev.Page.ID}); got != r.Key {
		return fmt.Errorf("render %s is of page %s, not of its key %s", codecs.Quote(ev.Meta.ID), codecs.Quote(got.String()), codecs.Quote(r.Key.String()))
	}
	site, err := renderSite(h.o.Sites, ev)
	if err != nil {
		return err
	}
	state, dropped := readRender(site, ev)
	h.o.dropped.note(r.Key, dropped)
	row, k, err := h.row(r, r.Key)
	if err != nil {
		return err
	}
	if toCome(state.Start, h.o.Now()) {
		state.Start = 1 // a clock that is wrong: it began after the one before it, and nobody knows when
		if row.Render != nil {
			state.Start = row.Render.Start
		}
	}
	e := edges{h, r, r.Key}
	known := row.Recent.Has(ev.Meta.ID) || row.Render != nil && slices.Contains(row.Render.Seen, ev.Meta.ID)
	switch {
	case k.torn && known:
		return e.restore(row, state, k)
	case known || !k.torn && row.Repeats(state, h.o.skew()):
		return e.takeBack(row, state)
	}
	row.Recent.Add(ev.Meta.ID, tables.RenderEvents)
	if row.Outdated(state) {
		row.Older = state
		if err := e.takeBack(row, state); err != nil {
			return err
		}
		return h.save(r, r.Key, row, k)
	}
	before, last := own(row), row.Render
	row.Older = nil
	if !row.Known {
		meet(site, ev, row)
	}
	counted := row.Active()
	row.Render = state
	if last != nil && !counted {
		if err := e.takeBack(row, last); err != nil {
			return err
		}
	}
	if row.Active() {
		change := witness(r.Key.Wiki, row, h.o.WitnessAfter < 0)
		if err := h.wait(r, r.Key, row); err != nil {
			return err
		}
		if err := e.diff(row, before, row.Render.Start, true); err != nil {
			return err
		}
		row.Recheck = false
		if err := h.announce(r, r.Key, change); err != nil {
			return err
		}
	} else if err := e.takeBack(row, state); err != nil {
		return err
	}
	return h.save(r, r.Key, row, k)
}

// meet takes the name of a page that no change has named from its rendering: changes go on through it by that name.
func meet(site *tables.SiteInfo, ev *events.Render, row *tables.LinksRow) {
	if title, err := site.FromPageTitle(ev.Page.Namespace, ev.Page.Title); err == nil {
		row.Name = tables.NameOf(title)
	}
}

// life takes in one change of the page.
func (h *links) life(_ context.Context, r *topology.Record[tables.PageKey, *tables.Life]) error {
	if r.Deleted {
		return nil
	}
	l := r.Value
	row, k, err := h.row(r, r.Key)
	if err != nil {
		return err
	}
	if row.Version > 0 && l.Version > 0 && l.Version <= row.Version || l.Heard && row.Known {
		return nil // a repeat, or less than what is known
	}
	e := edges{h, r, r.Key}
	before, known, renamed := own(row), row.Known, row.Known && row.Live && row.Name != l.Name
	if renamed {
		left := row.Name
		row.Left = &left
	}
	row.Lives(l.Live, l.Kind == tables.ChangeUndelete, l.Rev)
	row.Version, row.Since, row.Name = l.Version, l.Since, l.Name
	if !l.Live {
		row.Since = l.DT
		row.Pending, row.Announced, row.AnnouncedRev = nil, "", 0
	}
	if !sameName(row.Redirect, l.Redirect) {
		row.Redirect, row.RedirectRev = l.Redirect, l.Rev
	}
	if l.Titled {
		row.StartedDT, row.Recheck = l.DT, true
	}
	if err := e.diff(row, before, l.DT, false); err != nil {
		return err
	}
	switch {
	case renamed:
		err = e.resend(row, l.DT)
	case !known && row.Active():
		err = e.resend(row, row.Render.Start) // it was used before it had a name
	}
	if err != nil {
		return err
	}
	if l.Titled && row.Active() && (row.Render.Start >= l.DT-h.o.skew() || l.Timeless || l.Kind.Revises() && row.Render.Rev >= l.Rev) {
		// The rendering that tells whether the page uses its own title came before the change.
		if err := e.recheck(row); err != nil {
			return err
		}
	}
	if !l.Heard {
		if err := h.changed(r, row, l); err != nil {
			return err
		}
	}
	return h.save(r, r.Key, row, k)
}

// used marks the page as one whose includes others depend on, and sends those again by its name.
func (h *links) used(_ context.Context, r *topology.Record[tables.PageKey, *tables.Used]) error {
	if r.Deleted {
		return nil
	}
	row, k, err := h.row(r, r.Key)
	if err != nil {
		return err
	}
	start := r.Value.Start
	if !row.Used || start < row.UsedSince {
		row.Used, row.UsedSince = true, start
	}
	e := edges{h, r, r.Key}
	if err := e.resend(row, start); err != nil {
		return err
	}
	return h.save(r, r.Key, row, k)
}
