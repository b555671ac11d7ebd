// Package topology defines and runs stream processors on Kafka: functions that get one record at a time and have
// state of their own, tables to read beside it, outputs, and loops back to themselves. This page is a tutorial, from
// the smallest processor to a cluster.
//
// # The smallest processor
//
//	text := codecs.String[string]()
//	lines := topology.NewStream("lines", text, text)
//	shouts := topology.NewStream("shouts", text, text)
//
//	b := topology.NewBuilder("shout")
//	p := topology.AddProcessor(b, "upper", text)
//	out := topology.Output(p, shouts)
//	topology.Input(p, lines).Handle(func(ctx context.Context, r *topology.Record[string, string]) error {
//		return out.Emit(r, r.Key, strings.ToUpper(r.Value))
//	})
//	topo, err := b.Build()
//
// A [Stream] is the name of a topic, with a codec for its keys and one for its values. Making one does no I/O;
// usually it is a package variable that producers, processors and tests share. A [Processor] is a consumer group,
// here "shout-upper". It declares what it reads and writes, and each declaration returns a handle for its handlers:
//
//	Input      a stream to read           Source.Handle
//	Output     a stream to write          Sink.Emit
//	Persist    the processor's own table  State.Get, Set, Delete, Range
//	AddStore   another, of other keys     Store.Get, Set, Delete, Range
//	AddTimers  timers, one for a key      Timers.Set, Cancel, Handle
//	Join       a co-partitioned table     Joined.Get
//	Lookup     any table                  Reference.Get
//	Loop       back to this processor     Loopback.Send, Handle
//
// A handle takes the record that is being processed, so it cannot be used outside of a handler. The records of a
// partition come one at a time, and partitions run in parallel. [Builder.Build] reports every problem of the
// declarations at once; what it returns describes itself as text, Mermaid, DOT and JSON.
//
// Run it in as many processes as there is work for; they share the partitions:
//
//	app, err := topology.NewApp(topo, topology.Config{Brokers: []string{"localhost:9092"}, DataDir: "/var/lib/shout"})
//	err = app.Run(ctx) // until ctx is done, or a record cannot be processed
//
// # State
//
// [Persist] gives a processor a table of its own, with a row for each key:
//
//	counts := topology.Persist(p, codecs.Int64())
//	topology.Input(p, words).Handle(func(ctx context.Context, r *topology.Record[string, string]) error {
//		n, _, err := counts.Get(r) // the row of the record's key; 0 and false if there is none
//		if err != nil {
//			return err
//		}
//		return counts.Set(r, n+1)
//	})
//
// Rows live in a local store, so Get costs no network. Their truth is a compacted topic, the changelog, from which
// the store is loaded wherever the partition goes: the disk may be lost. A row is one Kafka record, so it has to
// stay small. Get returns what is in the cache, not a copy: a handler that changes a map, a slice or what a pointer
// points to calls Set.
//
// [AddStore] gives it further ones, a changelog each, and all that a handler does to them takes effect together. Rows are
// in the order of their encoded keys: [State.Range], [Store.Prefix]. So what grows is kept as many rows under one first
// part of a key, and not as one row:
//
//	open := topology.AddStore(p, "open", codecs.PairOf(text, codecs.Int64()), codecs.Int64()) // page and start of a window
//	for e, err := range open.Prefix(r, codecs.Pair[string, int64]{First: r.Key}) { … } // by start
//
// Many rows are read at once, in the order of their keys, by [State.GetMany] and its like.
//
// From outside, a [View] reads a table and a [Producer] sends to a stream.
//
// # Time
//
// Timers are state: set, replaced and cancelled in handlers, each fires once, in the order of time, also after a restart
// and where the partition has moved to. They go by [StreamTime], which is what the records say, or by the [WallClock].
//
//	ends := topology.AddTimers(p, "ends", text, topology.StreamTime)
//	ends.Handle(func(ctx context.Context, t *topology.Timer[string]) error { … })
//	…
//	err := ends.Set(r, r.Key, r.Timestamp().Add(time.Minute)) // in a handler
//
// Windows are written on stores and timers; the examples have a tumbling and a session window. [Every] calls a handler at
// an interval, which is no state.
//
// # Another key
//
// A record is processed where its key lives, and rows are where their keys live. To count by another key, send under
// that key to a stream, and read it in another processor of the topology. The stream is a topic that you name; there
// are no hidden ones.
//
// # Joins and lookups
//
// A [Table] is a topic whose last record of each key counts. One that has as many partitions as the inputs can be
// joined; it is read at the record's key. Any table can be looked up, at any key; each process then holds the whole
// of it.
//
//	profile := topology.Join(p, profiles)   // profiles has the key type of p, or this does not compile
//	country := topology.Lookup(p, countries)
//	…
//	who, known, err := profile.Get(r)
//	where, known, err := country.Get(r, who.Country)
//
// The table of another processor is joined by its [State.Table]. Joined tables are loaded before the first record is
// processed, and followed with a short delay. That a table changes calls no handler: if it has to, read the stream
// of the changes as an input.
//
// # Loops
//
// [Loop] is a stream from a processor back to itself: the way to recurse, over a tree or a graph, to keys of any
// partition.
//
//	up := topology.Loop(p, codecs.Int64())
//	up.Handle(add)
//	…
//	err := up.Send(r, parent, amount)
//
// The handler has to end the recursion: keep in the state what was visited, or count down. Loops keep their records
// until they are processed, and are purged behind that.
//
// # Operators
//
// A [Flow] says the same in another notation. It starts with [From], goes on with Filter, [Map], [FlatMap], [Merge],
// [JoinTable] and Each, and ends in To, [Aggregate] or [Rekey]. All of it runs within one handler.
//
//	split := topology.FlatMap(topology.From(p, lines), words)
//	topology.Rekey(split, byWord, func(_, word string) string { return word })
//	counts := topology.Aggregate(topology.From(q, byWord), codecs.Int64(), func(n int64, _ string) int64 { return n + 1 })
//
// # Tombstones
//
// A record without a value reaches handlers with Deleted set. In a table it deletes the row; in a stream it means
// what its readers make of it. Flows leave it out.
//
// # Delivery
//
// Records are processed in batches, and a batch is committed as a whole. Config.Delivery says what that promises:
//
//	AtLeastOnce   outputs, then state, then offsets: a crash loses nothing, and may repeat things
//	ExactlyOnce   outputs, state and offsets in one transaction: every record counts once
//
// With [AtLeastOnce] a record may come again after a crash, with the state from before it or with what it has left
// itself, and outputs may repeat. So a handler that must not count twice keeps in its state what it has counted. A
// process that has lost its partitions, and does not know yet, spoils nothing: the readers of tables, and of streams
// between processors, drop what it writes behind the new owner.
//
// With [ExactlyOnce] handlers need not care. Readers of the outputs have to read committed records only, as Eddy's
// do.
//
// A handler that returns an error, or panics, stops its processor, and [App.Run] returns a [*ProcessError] that
// names the record. Nothing behind that record is processed; after a restart it comes again. [OnError] says otherwise:
// try again, pass over, or keep the record among the dead letters.
//
// # Memory
//
// A process keeps to Config.Memory, half of the container or machine by default. [Config.MemoryPlan] says how it is
// divided, between the local store, decoded rows, fetched records, batches and what is being sent. A program that
// does nothing else calls [MemoryPlan.SetLimits] before it starts, so that Go's collector keeps to it too.
//
// # Packed streams
//
// A stream inside of the topology may be packed: the messages of a batch to one partition then travel as one Kafka
// record, which saves most of what brokers and clients spend on each. Handlers see no difference, and other Kafka
// clients cannot read it. Loops always are packed. See [Stream.Packed].
//
//	byWord := topology.NewStream("wordcount-words", text, text).Packed()
//
// # Testing
//
// Package topologytest runs a topology in memory, without a broker or a clock. All examples of this package are
// tests of that kind.
//
//	d := topologytest.New(t, topo)
//	topologytest.Input(d, words).Send("kafka", "")
//	n, ok := topologytest.Value(d, counts.Table(), "kafka")
//
// Its RunApp runs the same topology as in production, on a broker within the test. [App.Settle] returns when nothing
// is left to do.
//
// # Deploying
//
// Start the same program on each machine, with a data folder of its own for each process, and stop it by ending the
// context of Run: it commits what it has processed, and returns nil. The id by which its groups know it is kept in
// that folder, so a restart within Config.SessionTimeout moves no partition. A process that is gone for longer gives
// its partitions to the others, which load the tables; with Config.Standby they have copies already.
// Config.Processors lets a process run a part of the topology.
//
// The name of the topology is the prefix of its groups, tables and loops, and with that the identity of its state.
// Topics that a topology writes are created where they do not exist, with Config.Partitions and Config.Replication; those
// that it only reads have to be there, see [CreateMissing]; those that exist are checked.
// [Observer] and Config.Logger tell what happens. How the format of rows changes from release to release is up to
// codecs: see codecs.Releases, and doc/UPGRADING.md.
package topology
