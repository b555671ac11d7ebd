// Package compare judges what a run of the pipeline asked for.
//
// [MediaWiki] holds the requests of a replay against what a real MediaWiki re-rendered after
// each change, [Direct] against the counts of a generated wiki whose events name direct links
// only. Both work on what `eddy replay --out DIR` writes, or on the same values in memory, and
// share no code with the pipeline: they read the events on their own.
package compare
