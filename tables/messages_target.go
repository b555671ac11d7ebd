package tables

// TargetUpdate is what a page tells one target. Exactly one field is set.
type TargetUpdate struct {
	Edge   *Edge          `avro:"edge"`
	Change *ContentChange `avro:"change"`
}

// ContentChange says that the title's page has new content, which is felt by links of some types.
type ContentChange struct {
	Cascade Cascade   `avro:"cascade"`
	Page    int64     `avro:"page_id"`
	Types   LinkTypes `avro:"types"`
}

// Edge is a link of a page to the target, set or removed.
type Edge struct {
	Source  string   `avro:"source"` // wiki of the page
	Page    int64    `avro:"page_id"`
	Type    LinkType `avro:"type"`
	Present bool     `avro:"present"`
	// Start is when the rendering that found the link began; of a redirect, the dt of its change. Unix seconds.
	Start int64 `avro:"start"`
	// Saw is what the rendering met at the title; nothing is known where it is [SawUnknown].
	Saw     Saw   `avro:"saw"`
	SawPage int64 `avro:"saw_page_id"`
	// SawRev is the revision met; of a redirect, the one that set it. 0: unknown, [NoneNamed] where no link of the rendering names a page.
	SawRev int64 `avro:"saw_rev_id"`
	// Direct says that what is used through the target is not among the page's own links: those are of its own text
	// only, or it is a redirect's.
	Direct bool `avro:"direct"`
	// Self says that the title is the page's own, or the one it left last: what its own rendering met there says nothing.
	Self bool `avro:"self"`
	// Again says that the link itself is no news, only what goes on through it.
	Again bool `avro:"again"`
	// Hub is set where changes of the target go on to the dependents of the page's own title.
	Hub *HubEdge `avro:"hub"`
}

// HubEdge names the page through which changes go on.
type HubEdge struct {
	Name Name `avro:"name"`
	// Start is since when, at the earliest, somebody has shown the target through the page. Unix seconds.
	Start int64 `avro:"start"`
}

// Saw says what is known of the page that a rendering met at a title.
type Saw uint8

// NoneNamed is [Edge.SawRev] of a link that met nothing, as far as a rendering says that names the page of no link.
const NoneNamed = -1

// What a rendering may have met.
const (
	SawUnknown Saw = iota
	SawNothing     // the title had no page
	SawPage        // it had a page, which is named
)

// DependentsStep is a message of the processor dependents to itself. Exactly one field is set.
type DependentsStep struct {
	Walk  *Walk      `avro:"walk"`  // to the row of a target
	Chunk *ChunkStep `avro:"chunk"` // to a chunk of one
}

// Walk lets a cascade go through a row.
type Walk struct {
	Hop   CascadeHop `avro:"hop"`
	ID    int64      `avro:"message"`
	Types LinkTypes  `avro:"types"`
	// Cursor is the number of chunks that earlier steps of the same walk have been through; 0 begins a walk.
	Cursor int32 `avro:"cursor"`
	// Except are pages of the root's wiki that are not asked for: the change was their own, and their next rendering
	// tells whether they still use the title.
	Except []int64 `avro:"except"`
	// Redirected says that the walk came by a redirect; [Walk.Came] says by how many.
	Redirected bool `avro:"redirected"`
	// Reach is [ReachAll] where the walk was sent by a release that did not know.
	Reach Reach `avro:"reach" default:"0"`
}

// Came is how the walk came to the row.
func (w *Walk) Came() Reach {
	if w.Redirected {
		return max(w.Reach, ReachRedirect)
	}
	return w.Reach
}

// ChunkStep updates a chunk, then walks it.
type ChunkStep struct {
	Edges []ChunkEdge `avro:"edges"`
	Walk  *Walk       `avro:"walk"`
}

// ChunkEdge sets or removes one link of a chunk.
type ChunkEdge struct {
	Page    int64    `avro:"page_id"`
	Type    LinkType `avro:"type"`
	Present bool     `avro:"present"`
	Hub     *Name    `avro:"hub"`
	// Direct is [Edge.Direct].
	Direct bool `avro:"direct" default:"true"`
}
