// Package engine runs a kernel topology on Goka.
//
// Goka does the consumer groups, the assignment of co-partitioned topics, the serial processing of a partition, the joined tables
// and the standby copies. What it promises and does not keep is closed from outside, through its builders: a processor's callbacks
// write into a batch of the engine, and nothing of Goka's own emitting, storing and marking is used.
//
// A batch is the work of one processor and partition between two commits. The engine commits it in this order, waiting after each step:
//
//  1. outputs are acknowledged; then those that were declared to come last
//  2. the last value of each changed row is acknowledged by the changelog
//  3. the rows and the changelog's offset are written to the local store, in one atomic write
//  4. the input offsets are marked in the consumer group
//
// So a state never gets ahead of its outputs, and an offset never gets ahead of either. After a crash the records behind the last mark
// are processed again: outputs may repeat, nothing is lost.
//
// Locks are taken in this order: committer.write, task.mu, then those of the cache and of the committer's queue.
package engine
