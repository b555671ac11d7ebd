// Package simwiki makes wikis that need no MediaWiki.
//
// [Generate] makes the events of a big wiki that stands still but for a few edits, as a stream,
// and says itself what each edit must ask for: for benchmarks, the demo and exact counts.
//
// [Wiki] is a small wiki that lives: pages are created, edited, moved, deleted and brought back,
// and [Wiki.Render] renders a page as the wiki is at that instant. [Feed] hands what happened to
// a consumer late, in another order, and twice. Since the wiki knows its present state, it can
// tell of every page whether its last rendering is still true ([Wiki.Stale]).
package simwiki
