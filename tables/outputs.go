package tables

// Request asks for a page to be rendered again: `rerender-requests`, keyed by page. Once per page and cascade.
type Request struct {
	WikiID    string         `avro:"wiki_id" json:"wiki_id"`
	PageID    int64          `avro:"page_id" json:"page_id"`
	PageTitle string         `avro:"page_title" json:"page_title"` // with the namespace prefix; advisory, the id counts
	Namespace int32          `avro:"namespace_id" json:"namespace_id"`
	Reason    LinkType       `avro:"reason" json:"reason"`
	Depth     int32          `avro:"depth" json:"depth"`             // 0: the changed page itself
	Stale     int64          `avro:"stale_since" json:"stale_since"` // Unix seconds; a render that started later need not be repeated. Never earlier than one that is known not to show the change
	Cascade   RequestCascade `avro:"cascade" json:"cascade"`
}

// RequestCascade is the change that a request comes from.
type RequestCascade struct {
	ID   CascadeID   `avro:"id" json:"id"`
	Kind ChangeKind  `avro:"kind" json:"kind"`
	Root RequestRoot `avro:"root" json:"root"`
	DT   int64       `avro:"dt" json:"dt"` // Unix seconds
	// Rev is the revision that a rendering has to show of the root, or a later one. Of a delete it is the last one.
	Rev int64 `avro:"rev_id" json:"rev_id" default:"0"`
}

// RequestRoot is the title that changed.
type RequestRoot struct {
	PageTitle string `avro:"page_title" json:"page_title"` // with the namespace prefix
	Namespace int32  `avro:"namespace_id" json:"namespace_id"`
}

// Phase is how far a cascade has come.
type Phase string

// The phases, in order; the last three are final.
const (
	PhaseStarted    Phase = "started"    // the walk is under way
	PhaseExpanded   Phase = "expanded"   // every page has been asked for
	PhaseComplete   Phase = "complete"   // and every one has been answered
	PhaseSuperseded Phase = "superseded" // a newer change of the same title took over
	PhaseAbandoned  Phase = "abandoned"  // not answered in time
)

// Final reports whether p is a cascade's last phase.
func (p Phase) Final() bool { return p == PhaseComplete || p == PhaseSuperseded || p == PhaseAbandoned }

// CascadeEvent reports a cascade's new phase: `cascade-events`, keyed by cascade.
type CascadeEvent struct {
	Cascade     RequestCascade `avro:"cascade" json:"cascade"`
	WikiID      string         `avro:"wiki_id" json:"wiki_id"`
	Phase       Phase          `avro:"phase" json:"phase"`
	Asked       int64          `avro:"asked" json:"asked"`             // pages
	Outstanding int64          `avro:"outstanding" json:"outstanding"` // of them not answered
	Late        int64          `avro:"late" json:"late"`               // of the pages asked, those after the end
}

// LinkChange is the difference between two renderings of a page by one type of link: `link-changes`, keyed by page. One of many links comes in
// several records, one behind the other: what all of them name is the difference.
type LinkChange struct {
	Type    LinkType `avro:"type" json:"type"`
	DT      int64    `avro:"dt" json:"dt"`         // start of the rendering, or dt of the change; Unix seconds
	Rev     int64    `avro:"rev_id" json:"rev_id"` // revision rendered; 0: unknown
	Added   []string `avro:"added" json:"added"`   // targets, spelled as keys
	Removed []string `avro:"removed" json:"removed"`
	Part    int32    `avro:"part" json:"part" default:"1"`   // which of the records it is, from 1
	Parts   int32    `avro:"parts" json:"parts" default:"1"` // how many there are
}
