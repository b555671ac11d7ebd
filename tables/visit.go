package tables

import "slices"

// Visit marks a row as visited by a cascade: what it walked there, how it had come, and what it left to another.
type Visit struct {
	Hop   CascadeHop `avro:"hop"`   // pages asked from here have its depth
	Types LinkTypes  `avro:"types"` // walked, or being walked
	Taken LinkTypes  `avro:"taken"` // of them, left to a newer cascade of the same root
	At    int64      `avro:"at"`    // its number among the visits of the row
	// Page is who had the title after the change, where the change was of this very title; 0: nobody.
	Page int64 `avro:"page_id"`
	// Redirected says that the walk came by a redirect, for releases that know no reach.
	Redirected bool `avro:"redirected"`
	// Beyond are those of Types of which not everybody was asked, but at [ReachDirect] or less; Once, those at
	// [ReachRedirect] or less; Twice, at [ReachTwice].
	Beyond LinkTypes `avro:"beyond" default:"0"`
	Once   LinkTypes `avro:"once" default:"0"`
	Twice  LinkTypes `avro:"twice" default:"0"`

	own bool // the change was of this very title
}

// Reached are the types that were walked at a reach, or further.
func (w *Visit) Reached(r Reach) LinkTypes {
	switch r {
	case ReachAll:
		return w.Types &^ w.Beyond
	case ReachDirect:
		return w.Types &^ w.Once
	case ReachRedirect:
		return w.Types &^ w.Twice
	}
	return w.Types
}

// Shorter are the types that were walked at a reach, and not further.
func (w *Visit) Shorter(r Reach) LinkTypes {
	if r == ReachAll {
		return w.Types
	}
	return w.Types &^ w.Reached(r-1)
}

// Walk takes note of types that are walked at a reach, and returns those that were not.
func (w *Visit) Walk(types LinkTypes, r Reach) (want LinkTypes) {
	want = types &^ w.Reached(r)
	fresh := types &^ w.Types
	w.Types |= types
	for i, short := range []*LinkTypes{&w.Beyond, &w.Once, &w.Twice} {
		if Reach(i) < r {
			*short |= fresh
		} else {
			*short &^= types
		}
	}
	w.Redirected = w.byRedirect()
	return want
}

// byRedirect reports whether all that was walked came by a redirect.
func (w *Visit) byRedirect() bool { return w.Types != 0 && w.Once == w.Types }

// upgrade reads a visit of a release that knows no reach.
func (w *Visit) upgrade() {
	if w.Redirected && w.Beyond == 0 {
		w.Beyond, w.Once = w.Types, w.Types
	}
}

// Visit returns the visit of a cascade, nil if it has not been here. It is valid until visits are added or trimmed.
func (r *TargetRow) Visit(id CascadeID) *Visit {
	for i := range r.Visits {
		if r.Visits[i].Hop.Cascade.ID == id {
			return &r.Visits[i]
		}
	}
	return nil
}

// RecentVisits is how many visits a row keeps in any case, the last: a walk that comes back to the
// row, by a cycle, finds that it has been there. A cycle would be walked again only if as many other cascades overtook
// the walk on every round.
const RecentVisits = 16

// AddVisit puts in the visit of a cascade that has none, as the newest. Older visits are forgotten that are not recent and that no late link of the
// target key need be compared with: those of whose types each has a newer one, with no earlier moment, and of no lower revision where both are of
// the title itself. The changes of the title itself and those from elsewhere count apart; those from elsewhere come in any order of their moments, and one
// with a later moment stands for others whether it came before or after them: a link that is older than they are is older than it.
func (r *TargetRow) AddVisit(key Target, w Visit) {
	r.Passed++
	w.At = r.Passed
	title, ok := key.Title()
	w.own = ok && w.Hop.Cascade.RootTitle() == title
	r.Visits = slices.Insert(r.Visits, 0, w)
	if len(r.Visits) <= RecentVisits {
		return
	}
	var kept []Visit
	for i := range r.Visits {
		w := &r.Visits[i]
		var left [numReaches]LinkTypes
		for reach := range left {
			left[reach] = w.Reached(Reach(reach))
		}
		for _, k := range kept {
			newer := k.Hop.Cascade
			if w.own == k.own && newer.Moment() >= w.Hop.Cascade.Moment() && (!w.own || newer.Rev >= w.Hop.Cascade.Rev) {
				for reach := range left {
					left[reach] &^= k.Reached(Reach(reach))
				}
			}
		}
		if left != [numReaches]LinkTypes{} || w.At > r.Passed-RecentVisits {
			kept = append(kept, *w)
		}
	}
	all := slices.Clone(kept)
	r.Visits = slices.DeleteFunc(kept, func(w Visit) bool {
		return w.At <= r.Passed-RecentVisits && !w.own && outlived(w, all)
	})
}

// outlived reports whether others from elsewhere, of later moments, have reached all that a visit has.
func outlived(w Visit, all []Visit) bool {
	c := w.Hop.Cascade
	for reach := range numReaches {
		left := w.Reached(reach)
		for i := range all {
			o := all[i].Hop.Cascade
			if !all[i].own && o.Moment() > c.Moment() && (o.Timeless || !c.Timeless) {
				left &^= all[i].Reached(reach)
			}
		}
		if left != 0 {
			return false
		}
	}
	return true
}
