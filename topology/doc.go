// Package topology defines and runs stream processors on Kafka: typed handlers with local state, joins, and
// loops back into their own stream.
//
// # Edges
//
// A [Stream] is a topic of records, a [Table] is a topic whose last record of each key counts. Both are plain
// typed values of a name and two codecs. Making one does no I/O, and everybody shares it:
//
//	var lines = topology.NewStream("lines", codecs.String[string](), codecs.String[string]())
//
// # Processors
//
// A [Processor] is a consumer group. Declaring its edges returns the handles that its handlers use:
//
//	Input      a stream to consume        Source.Handle
//	Output     a stream to write          Sink.Emit
//	Persist    the processor's own table  State.Get, Set, Delete, Range
//	AddStore   another one, of other keys Store.Get, Set, Delete, Range
//	AddTimers  timers, one for a key      Timers.Set, Cancel, Handle
//	Join       a co-partitioned table     Joined.Get
//	Lookup     any table                  Reference.Get
//	Loop       back to this processor     Loopback.Send, Handle
//
// A [Handler] gets one [Record] at a time, and handles take that record as their [Scope]: outside of a handler
// they cannot be used. The key type of a processor is that of all its inputs, joins, its table and its loop, so a
// join by the wrong key does not compile.
//
//	b := topology.NewBuilder("wordcount")
//	p := topology.AddProcessor(b, "count", codecs.String[string]())
//	counts := topology.Persist(p, codecs.Int64())
//	topology.Input(p, words).Handle(func(ctx context.Context, r *topology.Record[string, string]) error {
//		n, _, err := counts.Get(r)
//		if err != nil {
//			return err
//		}
//		return counts.Set(r, n+1)
//	})
//	topo, err := b.Build()
//
// [Builder.Build] reports every problem of the declarations at once. A [Topology] describes itself as text,
// Mermaid, DOT and JSON.
//
// # Operators
//
// A [Flow] is the same in another notation: a chain of [From], Filter, [Map], [FlatMap], [Merge], [JoinTable], Each, ended
// by To, [Aggregate] or [Rekey], and fused into one handler. Where the key changes the processor ends, and its
// records go through a topic that is given a name:
//
//	words := topology.FlatMap(topology.From(p, lines), split)
//	topology.Rekey(words, byWord, func(_, word string) string { return word })
//	topology.Aggregate(topology.From(q, byWord), codecs.Int64(), func(n int64, _ string) int64 { return n + 1 })
//
// # State and time
//
// What a processor keeps is in its table and in further stores, a changelog each, and all that a handler does to them takes effect together. Rows
// are in the order of their encoded keys: [State.Range], [Store.Prefix]. So what grows is kept as many rows under one first part of
// a key ([codecs.PairOf]) rather than as one row:
//
//	open := topology.AddStore(p, "open", codecs.PairOf(users, codecs.Int64()), codecs.Int64()) // user and start of a window
//
// Timers are state too: set, replaced and cancelled in handlers, they fire once, in the order of time, also after a restart. They go by
// [StreamTime], which is what the records say, or by the [WallClock]. [Every] calls a handler at an interval.
//
//	ends := topology.AddTimers(p, "ends", users, topology.StreamTime)
//	ends.Handle(func(ctx context.Context, t *topology.Timer[string]) error { … })
//	err := ends.Set(r, r.Key, r.Timestamp().Add(time.Minute)) // in a handler
//
// # Running
//
// [NewApp] and [App.Run] run the processors of a topology in any number of processes, which share the partitions. A [View] reads a
// table from outside. Package topologytest runs a topology in memory.
//
//	app, err := topology.NewApp(topo, topology.Config{Brokers: []string{"localhost:9092"}, DataDir: "/var/lib/wordcount"})
//	err = app.Run(ctx) // until ctx is done, or a record could not be processed: *ProcessError says which
//
// A process keeps to [Config].Memory, which [Config.MemoryPlan] divides. It is known to its consumer groups by an id in its data folder,
// so that a restart moves no partitions.
//
// # Delivery
//
// Records are processed in batches, and a batch is committed as a whole. Config.Delivery says what a processor promises:
//
//	AtLeastOnce   outputs, then state, then offsets: a crash loses nothing, and may repeat outputs and process records again
//	ExactlyOnce   outputs, state and offsets in one transaction: every record counts once
//
// With [AtLeastOnce] a handler may get a record again with the state that it has left itself. One that is to do something once keeps in its
// state what it has seen. Public outputs may repeat; what a process writes that has lost its partitions is dropped by the readers of tables and
// of streams between processors. With [ExactlyOnce] handlers need not care, and readers of the outputs have to read committed records only.
//
// # Packed streams
//
// Where a batch sends many small messages to a stream inside of the topology, the stream is declared packed: they travel as one record, and
// handlers see no difference. Loops always are. See [Stream.Packed].
//
//	var byWord = topology.NewStream("words", codecs.String[string](), codecs.String[string]()).Packed()
//
// # Tombstones
//
// A record without a value reaches handlers with Deleted set. In a table it deletes the row; in a stream it
// means what its readers make of it. Flows leave it out.
package topology
