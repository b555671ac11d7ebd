// Package oracle knows the right answer.
//
// [Batch] computes the tables from a log of events as their definitions say, without order
// between pages and without state that is kept: [Derived] is what the pipeline's tables must
// come to, whatever the interleaving. [Fresh] says which pages of a simulated wiki were last
// rendered with something that is no longer so. [Once], [Ended] and [Answered] check streams.
//
// [Play] plays a random scenario: a [simwiki.Wiki] is changed, its events reach a [System] late,
// in another order and twice, and a renderer answers what the system asks for; at rest, all
// invariants are checked. What happens is a function of the numbers drawn from a [Tape], so a
// failure can be repeated from its seed, and be made smaller by [Shrink].
package oracle
