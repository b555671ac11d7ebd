package engine

import "sync/atomic"

// Batches bounds the bytes of the batches of all tasks of a process, open or being committed. Half of it is divided evenly between the tasks, for
// two batches each, so that each can go on whatever the others hold; the other half goes to those that come first. So a task that is
// busy while others are idle has large batches, in which rows that change often are written once. What the last record of a batch brings
// comes on top. It is safe for concurrent use.
type Batches struct {
	max   int64
	used  atomic.Int64
	tasks atomic.Int64
}

// NewBatches returns a budget of so many bytes.
func NewBatches(maximum int64) *Batches { return &Batches{max: maximum} }

// Used is the bytes of all batches.
func (b *Batches) Used() int64 { return b.used.Load() }

// full reports whether a batch with so many bytes is to get no more.
func (b *Batches) full(bytes int64) bool {
	return b.used.Load() > b.max/2 && bytes >= b.max/4/max(b.tasks.Load(), 1)
}
