// Package faults runs the wiki pipeline as several worker processes, does to them what happens to processes and networks, and judges
// what is left.
//
// A [Cluster] is a broker and its workers, each an `eddy run` with a data directory of its own that reaches the broker through a
// [Proxy]. A [Load] keeps them busy: renderings whose links come and go at full speed, and edits of templates. A [Schedule] stops,
// kills, cuts off or restarts workers at moments of the load that are drawn from a seed. When all has come to rest and every worker
// has been restarted and stopped, [Judge] compares
//   - the tables with what a batch program computes from the log of events ([oracle.Batch]),
//   - the requests with the pages that the edits had to ask for,
//   - each worker's local stores with the fold of their changelogs: the last record of each key, but for those that a former owner of
//     the partition wrote behind a later one.
//
// The tests run against a real Kafka and need the build tag kafka.
package faults
