// Package gokagroup is all that Eddy has of Goka and sarama: it runs a processor's membership in its consumer group, and nothing else in
// the project's runtime imports either.
//
// What Goka does here:
//
//   - it knows a processor as a group graph (inputs, loop, group table, joins), so topics and groups are named and co-partitioned as in any
//     program on Goka, and plain Goka processors and views read what Eddy writes;
//   - it drives sarama's consumer group: joining, generations, claims, the end of a session;
//   - when a generation begins it decides which tables of which partitions are opened (active, or standby copies where they are wanted),
//     opens them side by side before anything is processed, and closes them at the end.
//
// What is by-passed, and why:
//
//   - The assignor. Goka's range over the members' random ids moves partitions between workers when one restarts. [Sticky] is
//     co-partitioned as Goka's is, and leaves partitions where they were.
//   - Records. Goka's loop takes one record at a time through a channel and marks each when its own emits are done, whatever became of
//     those before it. Claims are therefore silent: tasks read their partitions themselves.
//   - Emits, and writes of tables. A batch of a task is committed as a whole, fenced; Goka's producer fails whoever uses it.
//   - Marks. Offsets are committed by requests of our own, which tell at once when a member is none any more, and can be part of a
//     transaction. The session that Goka has marks nothing.
//   - Recovery and replication. Opening a table brings it to its end and begins to follow it: package changelog does it by position, in
//     large batches, with reconnection. Goka's topic manager therefore says that nothing is to be recovered, and its consumer is silent.
//   - The pause of five seconds that Goka makes after each rebalance: the group's Consume returns only at the end.
package gokagroup
