// Package engine runs a kernel topology.
//
// Each processor is a member of its consumer group (package gokagroup). At each partition that it is assigned a [task] processes one record
// after the other: it reads its inputs (package source), calls the handler, and collects in a batch what the handler emits and
// which rows it changes. It cuts the batch when nothing waits to be read, or, under load, when the batch is full or the last commit is
// long enough ago. A coordinator commits the batch while the task fills the next: [atLeastOnce] each task's by itself, [exactlyOnce] those of
// an assignment's tasks that are ready, in one transaction. Both files tell their protocol.
//
// An [assignment] is the membership in one generation of the group. It has a [lease] to write, which heartbeats renew; when the lease is lost, or
// it is not known what became of a write, the member leaves the generation, drops what is not committed, and joins again: its tasks
// then begin at what is in the logs. Nothing is mended in place.
//
// A task, its inputs, rows and readers belong to the task's goroutine. What it shares with the coordinator is in atomics, and in the batch, which
// changes hands when it is cut.
package engine
