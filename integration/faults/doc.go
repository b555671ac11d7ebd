// Package faults runs a pipeline as several worker processes on a real Kafka, does to them and to it what happens to processes, networks,
// disks and brokers, and judges what is left.
//
// A [Schedule] is drawn from a seed: a kind of faults, a pipeline, a delivery, and steps, each of which says what is done, to whom, when
// and for how long. "When" is how many records the workers have processed, so a schedule means the same on every machine; how the
// processes interleave differs each time. [Play] runs one: it makes a [Cluster], a Kafka of its own and workers that reach it through a
// [Proxy] each, keeps them busy with a load, does the steps, waits until all has come to rest, and restarts every worker, so that
// each has had every partition in the end. The verdict compares
//   - tables and outputs with what a program makes of the log of the inputs that never fails: nothing may be missing or wrong, and with
//     exactly-once nothing may come, or count, twice,
//   - each worker's local stores with the fold of their changelogs: the last record of each key, but for those that a former owner of
//     the partition wrote behind a later one.
//
// Where a schedule takes something away that a log had acknowledged, all may be right nevertheless, or a worker ends: then it has to say
// which topic and partition has lost something, and what can be done, and must not have thrown away what it has locally.
//
// There are two pipelines. The [Wiki] has six processors, loops, joins and packed streams; its load is a wiki whose links come and go
// and whose templates are edited ([Load]). [Counting] is one processor with a table and an output; it runs on plain Goka too, and
// [Compare] puts the same schedules to both.
//
// The tests need the build tag kafka. A test that fails prints the schedule, and the command that repeats it.
package faults
