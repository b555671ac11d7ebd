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
	// Redirected is that of the walk.
	Redirected bool `avro:"redirected"`
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
	var own, second, foreign LinkTypes
	at := int64(0)
	r.Waves = slices.DeleteFunc(r.Waves, func(w Wave) bool {
		recent := w.At > r.Passed-RecentWaves
		if w.Hop.Cascade.RootTitle() != title {
			covered := w.Types&^foreign == 0
			foreign |= w.Types
			return covered && !recent
		}
		if w.Hop.Cascade.DT != at {
			own, second, at = own|second, 0, w.Hop.Cascade.DT
		}
		second |= w.Types
		return w.Types&^own == 0 && !recent
	})
}
