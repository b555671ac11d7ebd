package tables

import "slices"

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

// AddWave puts in the wave of a cascade that has none, as the newest. Older waves are forgotten that are not recent and that no late link of the
// target key need be compared with: those of whose types each has a newer one, with no earlier moment, and of no lower revision where both are of
// the title itself. The changes of the title itself and those from elsewhere count apart.
func (r *TargetRow) AddWave(key Target, w Wave) {
	r.Passed++
	w.At = r.Passed
	r.Waves = slices.Insert(r.Waves, 0, w)
	if len(r.Waves) <= RecentWaves {
		return
	}
	title, _ := key.Title()
	var kept []Wave
	for i := range r.Waves {
		w := &r.Waves[i]
		own := w.Hop.Cascade.RootTitle() == title
		left := w.Types
		for _, k := range kept {
			newer := k.Hop.Cascade
			if own == (newer.RootTitle() == title) && newer.Moment() >= w.Hop.Cascade.Moment() && (!own || newer.Rev >= w.Hop.Cascade.Rev) {
				left &^= k.Types
			}
		}
		if left != 0 || w.At > r.Passed-RecentWaves {
			kept = append(kept, *w)
		}
	}
	r.Waves = kept
}
