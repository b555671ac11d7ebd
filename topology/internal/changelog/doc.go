// Package changelog reads table topics into the local store.
//
// A table topic is a compacted Kafka topic with one record for each change of a row: the key is the row's, the value its new
// content, and a record without a value (a tombstone) deletes the row. Reading a partition of it from the start and keeping the
// last value of each key gives the table. A local table is such a copy, with the offset up to which it was read, so that the next
// start reads only what is new.
//
// There is one way to read, whoever reads:
//
//   - [Reader.Load] brings a local table to the end of its partition and returns. A task does that with its own table before it starts.
//   - A [Replica] loads some partitions of a topic, or all, and then follows them: joins, lookups, standby copies, views. All replicas of
//     a process share their connections; a broker is asked for all partitions at once.
//   - [Reader.Read] returns the records of a range of offsets, without a table.
//
// # Where a log ends
//
// Reading goes by position, not by the records that arrive. What compaction or a transaction's marker took out of a log is passed
// over, not waited for. A load ends at the end that the partition had when the load began: by default the last stable offset,
// before which no transaction is open; with [ToHighWatermark] the high watermark, and open transactions are waited for.
//
// # What former owners wrote
//
// Records of a table's owner carry the epoch of its task (package fence). A member that lost a partition may have records under way
// that reach the log behind those of the new owner. So every reader drops a record whose epoch is smaller than the greatest one before it
// in its partition. The greatest epoch is kept in the local store with the offset. A record without an epoch always counts.
//
// Compaction knows nothing of epochs. Where a dropped record is the last of its key, compaction would keep it and remove the one that
// counts. Such keys are stale: the table's owner learns of them from a load ([AsOwner]) and writes their rows anew.
//
// # What is no row
//
// Whoever may write to a table's topic may write anything. Records without a key are passed over by every reader. With a [Screen], so are others that are no
// rows; their keys are stale, too. Without, they are found out about when somebody asks for the row.
//
// # When a copy is too old
//
// Kafka removes a tombstone some time after it was written (delete.retention.ms, a day by default). A reader that was away for longer may
// miss deletes. So a local table notes when it was last known to be complete, and one that is too old is cleared and read from
// the start. A load that does not get to the end does not renew that time. Reading a whole partition must take less time than the topic
// keeps tombstones, as with every reader of a compacted topic.
package changelog
