package processors

import (
	"slices"

	"github.com/eddystream/eddy/tables"
)

// edge sets or removes one link of the target.
func (v *view) edge(e *tables.Edge) error {
	s := v.row.Source(e.Source)
	u := tables.ChunkEdge{Page: e.Page, Type: e.Type, Present: e.Present, Direct: e.Direct}
	if e.Hub != nil {
		u.Hub = &e.Hub.Name
	}
	if err := v.store(s, u); err != nil {
		return err
	}
	if !e.Present {
		if v.empty() {
			v.row.Met, v.row.Latest = tables.Met{}, tables.Sighting{}
		}
		return nil
	}
	v.noteOwnLink(e)
	v.noteSighting(e)
	if e.Direct && (e.Type == tables.LinkRedirect || tables.Redirected.Has(e.Type)) {
		v.row.Direct = true
	}
	if err := v.noteUse(e); err != nil {
		return err
	}
	return v.checkLate(e)
}

// noteUse lets the title's page know since when others show what it includes, where a link says that it is longer than it
// knew: the page of the link, or those who see the target through that page.
func (v *view) noteUse(e *tables.Edge) error {
	if !e.Direct || e.Type != tables.LinkTemplate && e.Type != tables.LinkRedirect {
		return nil
	}
	since := e.Start
	if e.Hub != nil {
		since = min(since, e.Hub.Start)
	}
	if v.row.UsedSince == 0 || since < v.row.UsedSince {
		v.row.UsedSince = since
	}
	holder := v.row.Holder
	if v.row.HolderDT == 0 {
		holder = e.SawPage // no change has said who has the title
	}
	if told := v.row.Told; told.Page != holder || since < told.Start {
		return v.reportUse(holder, since)
	}
	return nil
}

// noteOwnLink takes note of a page that links to its own title.
func (v *view) noteOwnLink(e *tables.Edge) {
	if !e.Self || e.Again {
		return
	}
	v.row.Own = slices.DeleteFunc(v.row.Own, func(o tables.OwnLink) bool { return o.Page == e.Page && o.Type == e.Type })
	v.row.Own = append(v.row.Own, tables.OwnLink{Page: e.Page, Type: e.Type, Start: e.Start})
	if over := len(v.row.Own) - tables.OwnLinks; over > 0 {
		v.row.Own = slices.Delete(v.row.Own, 0, over)
	}
}

// noteSighting takes note of what a link saw at the title. Where that is not what is there now, its next rendering will have seen
// something else, and nobody will tell.
func (v *view) noteSighting(e *tables.Edge) {
	saw, met := tables.Met{State: tables.MetOne, Page: e.SawPage}, v.row.Met
	if tables.Redirected.Has(e.Type) && e.Saw == tables.SawPage {
		if saw.Rev = e.SawRev; saw.Rev == 0 {
			saw.Rev = -1
		}
	}
	if e.Saw != tables.SawUnknown && !e.Self && !e.Again && e.Start >= v.row.Latest.Start {
		v.row.Latest = tables.Sighting{Start: e.Start, Page: e.SawPage, Rev: max(0, e.SawRev)}
	}
	switch {
	case e.Again:
		return
	case e.Saw == tables.SawUnknown, v.row.HolderDT != 0 && e.SawPage != v.row.Holder:
		saw = tables.Met{State: tables.MetMixed}
	case met.State == tables.MetUnset:
	case met.State != tables.MetOne || met.Page != saw.Page:
		saw = tables.Met{State: tables.MetMixed}
	case saw.Rev == 0 || met.Rev != 0 && met.Rev < saw.Rev:
		saw.Rev = met.Rev
	}
	v.row.Met = saw
}

func (v *view) empty() bool {
	for i := range v.row.Sources {
		if s := &v.row.Sources[i]; s.Width != 0 || s.Edges.Len() > 0 {
			return false
		}
	}
	return true
}
