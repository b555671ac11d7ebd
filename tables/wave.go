package tables

import (
	"cmp"
	"slices"
)

// Wave is a cascade that passed through a row.
type Wave struct {
	Hop   CascadeHop `avro:"hop"`   // pages asked from here have its depth
	Types LinkTypes  `avro:"types"` // walked, or being walked
	Taken LinkTypes  `avro:"taken"` // of them, left to a newer cascade of the same root
	At    int64      `avro:"at"`    // its number among the waves that passed the row
	// Page is who had the title after the change, where the change was of this very title; 0: nobody.
	Page int64 `avro:"page_id"`
	// Redirected says that the walk came by a redirect, for releases that know no reach.
	Redirected bool `avro:"redirected"`
	// Beyond are those of Types of which not everybody was asked, but at [ReachDirect] or less; Once, those at
	// [ReachRedirect] or less; Twice, at [ReachTwice].
	Beyond LinkTypes `avro:"beyond" default:"0"`
	Once   LinkTypes `avro:"once" default:"0"`
	Twice  LinkTypes `avro:"twice" default:"0"`
}

// Reached are the types that were walked at a reach, or further.
func (w *Wave) Reached(r Reach) LinkTypes {
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
func (w *Wave) Shorter(r Reach) LinkTypes {
	if r == ReachAll {
		return w.Types
	}
	return w.Types &^ w.Reached(r-1)
}

// Walk takes note of types that are walked at a reach, and returns those that were not.
func (w *Wave) Walk(types LinkTypes, r Reach) (want LinkTypes) {
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
	w.Redirected = w.Types != 0 && w.Once == w.Types
	return want
}

// upgrade reads a wave of a release that knows no reach.
func (w *Wave) upgrade() {
	if w.Redirected && w.Beyond == 0 {
		w.Beyond, w.Once = w.Types, w.Types
	}
}

// compare puts the newest wave first; of equally new ones the smaller id, so that the order is total.
func (w Wave) compare(o Wave) int {
	a, b := w.Hop.Cascade, o.Hop.Cascade
	return cmp.Or(cmp.Compare(b.DT, a.DT), cmp.Compare(b.Rev, a.Rev), cmp.Compare(a.ID, b.ID))
}

// Wave returns the wave of a cascade, nil if none passed. It is valid until waves are added or trimmed.
func (r *TargetRow) Wave(id CascadeID) *Wave {
	for i := range r.Waves {
		if r.Waves[i].Hop.Cascade.ID == id {
			return &r.Waves[i]
		}
	}
	return nil
}

// RecentWaves is how many waves a row keeps in any case, of those that passed it last: a walk that comes back to the
// row, by a cycle, finds that it has been there. A cycle would be walked again only if as many other cascades overtook
// the walk on every round.
const RecentWaves = 16

// AddWave puts in the wave of a cascade that has none. Older waves are forgotten that are not recent and that no late
// link of the target key need be compared with: those that are, for each of their types, not the newest, counting the
// changes of the title itself and those from elsewhere apart. Of several changes of the title in one second nobody
// knows which is the last, so all of them stay.
func (r *TargetRow) AddWave(key Target, w Wave) {
	r.Passed++
	w.At = r.Passed
	i, _ := slices.BinarySearchFunc(r.Waves, w, Wave.compare)
	r.Waves = slices.Insert(r.Waves, i, w)
	if len(r.Waves) <= RecentWaves {
		return
	}
	title, _ := key.Title()
	var own, second LinkTypes
	var foreign [numReaches]LinkTypes
	at := int64(0)
	r.Waves = slices.DeleteFunc(r.Waves, func(w Wave) bool {
		recent := w.At > r.Passed-RecentWaves
		if w.Hop.Cascade.RootTitle() != title {
			covered := true
			for r := range numReaches {
				covered = covered && w.Reached(r)&^foreign[r] == 0
				foreign[r] |= w.Reached(r)
			}
			return covered && !recent
		}
		if w.Hop.Cascade.DT != at {
			own, second, at = own|second, 0, w.Hop.Cascade.DT
		}
		second |= w.Types
		return w.Types&^own == 0 && !recent
	})
}
