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
		var left [numReaches]LinkTypes
		for reach := range left {
			left[reach] = w.Reached(Reach(reach))
		}
		for _, k := range kept {
			newer := k.Hop.Cascade
			if own == (newer.RootTitle() == title) && newer.Moment() >= w.Hop.Cascade.Moment() && (!own || newer.Rev >= w.Hop.Cascade.Rev) {
				for reach := range left {
					left[reach] &^= k.Reached(Reach(reach))
				}
			}
		}
		if left != [numReaches]LinkTypes{} || w.At > r.Passed-RecentWaves {
			kept = append(kept, *w)
		}
	}
	r.Waves = kept
}
