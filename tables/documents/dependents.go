package documents

import (
	"github.com/eddystream/eddy/tables/dependents"
)

// Dependents is who uses a target.
type Dependents struct {
	Target string `json:"target"` // its key
	Holder int64  `json:"holder"` // page id; 0: nobody has the title
	Count  int    `json:"count"`  // of links
	// Pages are the ids of the pages, by type of link, then by wiki.
	Pages map[string]map[string][]int64 `json:"pages"`
}

// Dependents makes the document of a target. At most limit ids are listed of each type and wiki; negative: all.
func (w Writer) Dependents(uses *dependents.Uses, limit int) *Dependents {
	d := &Dependents{Target: uses.Target.String(), Holder: uses.Holder, Count: uses.Len(), Pages: map[string]map[string][]int64{}}
	for i := range uses.Sources {
		from := &uses.Sources[i]
		for t, set := range from.Edges.Sets() {
			name := t.String()
			if d.Pages[name] == nil {
				d.Pages[name] = map[string][]int64{}
			}
			if limit >= 0 && len(set) > limit {
				set = set[:limit]
			}
			d.Pages[name][from.Wiki] = set
		}
	}
	return d
}
