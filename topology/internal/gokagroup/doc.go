// Package gokagroup is everything in Eddy that depends on Goka, and on Goka's Kafka client sarama. It runs a processor's membership in
// its consumer group; the rest of the runtime sees a [Session] with its partitions, and a [Host] that is told when it begins and ends. A linter
// rule (depguard, in .golangci.yml) keeps other packages from importing either; only the tests beside plain Goka, in integration/goka, do.
//
// # What Goka does
//
//   - Its group graph describes the processor: inputs, loop, group table, joins and outputs. From it Goka takes which topics the group
//     subscribes to, and checks that inputs and joins have equal numbers of partitions. Topics and groups are named as in any Goka
//     program (<group>-table, <group>-loop), so such programs find them.
//   - It runs sarama's consumer group, which joins, sends heartbeats, hands out generations and claims, and ends sessions.
//   - When a generation begins, it opens the joins of each assigned partition side by side, and only then lets processing begin; when
//     the generation ends, it closes them. With [Spec].Standby it also opens those of the partitions that other members own, and all of
//     them once before it joins, so that the first rebalance need not wait for a load. (The group table it opens as well, but there that does
//     nothing: a processor may have further stores, which Goka does not know, and the host loads all of them in one way.)
//
// # What is bypassed, and why
//
//   - The assignor. Goka assigns ranges of partitions to the members in the order of their random ids, so a restart of one worker can
//     move the partitions of all. [Sticky] keeps topics co-partitioned too, and leaves partitions where they were. Members still offer
//     Goka's strategy as their second choice, so that a group can hold members of a former release while it is upgraded.
//   - Reading of inputs. Goka passes records one at a time through a channel that all inputs of a partition share, and sarama lets a
//     partition that is slow hold up the others of its client. Sarama's partition consumers are therefore paused, Goka's claims yield no record,
//     and tasks read their partitions with package source.
//   - Offsets. Goka marks a record once the outputs of that record are acknowledged, whatever became of the records before it. The session
//     that Goka gets marks nothing, and sarama commits nothing. Eddy commits offsets itself, in the order of the log, with requests that
//     report at once that a member has lost its partitions, and as part of transactions where a processor runs exactly once.
//   - Outputs, and rows of the group table. A batch of records is committed as a whole and in a fixed order, which Goka's Emit and SetValue
//     cannot do. Goka's producer and storages return an error to whoever uses them, and that ends the processor.
//   - Recovery and replication. Opening a storage brings the table to the end of its changelog; joins and standby copies are then followed
//     until they are closed. Package changelog does both, by position and in large batches, and reconnects. Goka's topic manager says that
//     every table is empty, and its consumer never yields a record, so Goka has nothing to recover.
//   - Lookups and views. They are not in the graph: package changelog follows their tables too.
//   - Creation of topics. Goka's topic manager creates none. It fails the start where a loop or group table has another number of partitions
//     than the inputs; all else about topics is checked, or created, before a processor starts.
//   - The pause of five seconds that Goka makes whenever a session has ended: the consumer group joins again by itself, and returns to
//     Goka only at the very end.
//   - Errors. Goka reports them as text. The first typed error is kept, and returned by [Run].
//
// # Beside plain Goka
//
// What a Goka program reads and writes, Eddy can read, and the other way round; integration/goka has a test of each direction, with
// Goka's own storage, consumer and topic manager. The Goka program has to know this:
//
//   - Hashing. Goka hashes keys with FNV-1a, Eddy with Kafka's murmur2, and where a key codec has a HashPart only that part. The program
//     sets goka.WithHasher, goka.WithViewHasher and goka.WithEmitterHasher to topology.GokaHasher of the key codec. Otherwise a view or
//     lookup finds no row, and what the program writes is not where Eddy looks for it.
//   - Values. Goka's codec.String and codec.Bytes write what Eddy's codecs do; its codec.Int64 writes decimal digits, where codecs.Int64 writes
//     eight bytes.
//   - Transactions. The log of a processor that runs exactly once has a marker behind each transaction. Goka's recovery waits for the
//     record before the high watermark; if the marker is there, a view, join or lookup of such a table does not recover before the
//     next row is written to the partition, and a goka.Processor does not start. No flag of Goka changes that. With a topic
//     manager whose GetOffset is that of topology.GokaOffsets it recovers. The program also has to read committed records only:
//     IsolationLevel: sarama.ReadCommitted in the configurations of its consumer and consumer group.
//   - Compaction. The same happens, rarely, to any table whose last record was compacted away, and the same topic manager helps.
//   - Epochs. A member that lost its partition may have rows under way that reach the changelog behind those of the new owner (see package fence).
//     Goka knows nothing of epochs and shows such a row until the owner has written its own again, which it does as soon as it notices.
//     A processor that runs exactly once never leaves such rows.
//   - Packs. A stream that is packed, and every loop, can only be read by Eddy. Tables and streams that are not declared packed never hold packs.
//   - Defaults. A new group of Goka begins at the newest record, its producer waits for the leader of a partition alone, and the topics that it
//     creates have two replicas, unless its configurations say otherwise.
//
// Goka v1.1.16 with its default configuration works on Apache Kafka 4.3.
package gokagroup
