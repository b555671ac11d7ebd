package processors

import (
	"context"
	"slices"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// dependents keeps the reverse index, from a target to the pages that link there, and lets cascades walk it: over the
// links of a row or its chunks, and through hubs to the rows of further titles.
//
// All that changes a target goes through its row, and the order of one producer to one partition keeps an update and
// the walk behind it in order. So a walk needs no snapshot: a link is there when the walk comes, or it comes after the
// walk and is compared with the visit that the walk left.
type dependents struct {
	o          Options
	onlyRanges bool
	rows       topology.State[tables.Target, *tables.DependentsRow]
	loop       *topology.Loopback[tables.Target, *tables.DependentsStep]
	asks       topology.Sink[tables.PageKey, *tables.Ask]
	uses       topology.Sink[tables.PageKey, *tables.Used]
	progress   topology.Sink[tables.CascadeID, *tables.Progress]
}

func addDependents(b *topology.Builder, o Options) {
	p := topology.AddProcessor(b, "dependents", tables.TargetKeys())
	h := &dependents{
		o:          o,
		onlyRanges: onlyRanges(),
		rows:       topology.Persist(p, tables.DependentsRows()),
		loop:       topology.Loop(p, tables.DependentsSteps),
		asks:       topology.Output(p, tables.Asks),
		uses:       topology.Output(p, tables.Uses),
		// Progress tells what was sent, so it must not be in the log without it: the first run before a crash may have
		// met another row than the second, and what only its progress names would be waited for in vain.
		progress: topology.Output(p, tables.CascadeProgress, topology.Last()),
	}
	topology.Input(p, tables.TargetUpdates).Handle(h.update)
	topology.Input(p, tables.TitleChanges).Handle(h.title)
	h.loop.Handle(h.step)
}

// view is one handler's stay at the row of a target.
type view struct {
	h    *dependents
	r    topology.Scope
	key  tables.Target
	row  *tables.TargetRow
	kept *tables.DependentsRow // that holds it
}

// target opens the row of a target; there need not be one yet.
func (h *dependents) target(r topology.Scope, key tables.Target) (*view, error) {
	row, found, err := h.rows.Get(r)
	if err != nil {
		return nil, err
	}
	if !found || row.Target == nil {
		row = &tables.DependentsRow{Target: &tables.TargetRow{}}
	}
	row.Target.Belongs(key)
	return &view{h, r, key, row.Target, row}, nil
}

func (v *view) save() error {
	return v.h.rows.Set(v.r, v.kept)
}

// update takes in what a page says: a link set or removed, or new content of the title's page.
func (h *dependents) update(_ context.Context, r *topology.Record[tables.Target, *tables.TargetUpdate]) error {
	if r.Deleted {
		return nil
	}
	v, err := h.target(r, r.Key)
	if err != nil {
		return err
	}
	if e := r.Value.Edge; e != nil {
		if err := v.edge(e); err != nil {
			return err
		}
	}
	if c := r.Value.Change; c != nil {
		cascade, page := c.Cascade, v.row.Holder
		if v.row.HolderDT == 0 || page == c.Page { // else there has been a later change, though it came before: who saw the page saw the title before that
			cascade.Page, page = c.Page, c.Page
		}
		if err := v.start(cascade, c.Types, page, false, nil); err != nil {
			return err
		}
	}
	return v.save()
}

// title takes in who holds the title now.
func (h *dependents) title(_ context.Context, r *topology.Record[tables.Target, *tables.TitleChange]) error {
	if r.Deleted {
		return nil
	}
	v, err := h.target(r, r.Key)
	if err != nil {
		return err
	}
	c, usedSince := r.Value, v.row.UsedSince
	except := v.setHolder(c)
	if c.Starts != nil && !(c.Was && v.sawHolder(c)) {
		// Where every link saw just the page that the title gains, there is nothing to tell anybody: an import is quiet.
		met := v.row.Met
		quiet := !c.Was && c.Gained != 0 && met.State == tables.MetOne && met.Page == c.Gained
		cascade := *c.Starts
		switch c.Holder {
		case c.Page: // and its revision is that of the change
			cascade.Page = c.Page
		case 0:
			cascade.Page = tables.NoPage
		}
		if err := v.start(cascade, titleTypes(c.Starts), c.Holder, quiet, except); err != nil {
			return err
		}
		if !quiet {
			usedSince = max(usedSince, c.DT) // the users render again, because of this change
			if met.State != tables.MetUnset {
				v.row.Met = tables.Met{State: tables.MetMixed}
			}
		}
	}
	if v.row.UsedSince != 0 && v.row.Told.Page != v.row.Holder {
		if err := v.reportUse(v.row.Holder, usedSince); err != nil {
			return err
		}
	}
	return v.save()
}

// sawHolder reports whether a page that was found to have the title is what every link saw there: then the title means what it did. Where the
// page is a redirect, nobody knows whether it was one in the revisions before.
func (v *view) sawHolder(c *tables.TitleChange) bool {
	switch met := v.row.Met; {
	case met.State == tables.MetUnset:
		return true // nobody has links
	case met.State != tables.MetOne || met.Page != c.Gained:
		return false
	default:
		return !c.Leads || met.Rev == 0 || met.Rev >= c.Starts.Rev
	}
}

// setHolder takes note of who has the title now, and returns the pages whose own change this is: the one that took the title
// or left it; and, where it is the redirect that a move left behind, the one that moved.
func (v *view) setHolder(c *tables.TitleChange) []int64 {
	except := []int64{c.Page}
	if c.Behind != 0 {
		except = append(except, c.Behind) // its title, which the page left, has a cascade of its own
	}
	switch left := v.row.Left; {
	case c.Gained != 0:
		if left.Page != 0 && left.DT == c.DT && c.Starts != nil && c.Starts.Kind == tables.ChangeCreate {
			except = append(except, left.Page)
		}
		v.row.Left = tables.Leaver{}
	case c.Starts == nil && c.Holder == 0:
		v.row.Left = tables.Leaver{Page: c.Page, DT: c.DT}
	}
	v.row.Holder, v.row.HolderDT = c.Holder, c.DT
	// Not so where the page's rendering of the change has been here already. One that began later for sure is fresh.
	return slices.DeleteFunc(except, func(page int64) bool {
		return slices.ContainsFunc(v.row.Own, func(o tables.OwnLink) bool { return o.Page == page && near(o.Start, c.DT, v.h.o.skew()) })
	})
}

// titleTypes are the links that feel a change of what a title means.
func titleTypes(c *tables.Cascade) tables.LinkTypes {
	if c.Kind == tables.ChangeRedirect {
		return tables.NewLinkTypes(tables.LinkTemplate, tables.LinkImage, tables.LinkPage)
	}
	types := tables.NewLinkTypes(tables.LinkTemplate, tables.LinkImage, tables.LinkPage, tables.LinkExistence)
	if c.Root.Namespace == categoryNamespace {
		types = types.With(tables.LinkCategory)
	}
	return types
}

// reportUse lets the page that has the title know that others show what it includes, at the earliest since start.
func (v *view) reportUse(holder, start int64) error {
	if holder == 0 {
		return nil
	}
	v.row.Told = tables.Told{Page: holder, Start: start}
	return v.h.uses.Emit(v.r, tables.PageKey{Wiki: v.key.Wiki, ID: holder}, &tables.Used{Start: start})
}

// step takes in a message of the processor to itself.
func (h *dependents) step(_ context.Context, r *topology.Record[tables.Target, *tables.DependentsStep]) error {
	switch {
	case r.Deleted:
		return nil
	case r.Value.Chunk != nil:
		return h.chunk(r, r.Key, r.Value.Chunk)
	case r.Value.Walk == nil:
		return nil
	}
	v, err := h.target(r, r.Key)
	if err != nil {
		return err
	}
	if w := r.Value.Walk; w.Cursor > 0 {
		err = v.resume(w)
	} else {
		err = v.arrive(w)
	}
	if err != nil {
		return err
	}
	return v.save()
}
