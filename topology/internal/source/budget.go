package source

import "sync/atomic"

// Budget bounds the bytes of what was fetched and waits for its readers, of all partitions that a process reads. Half of it is divided
// evenly between the partitions, so that each can go on whatever the others hold; the other half goes to those that come first. What a broker's
// last answer brings may come on top. It is safe for concurrent use.
type Budget struct {
	max        int64
	used       atomic.Int64
	partitions atomic.Int64
}

const (
	// enough is what a partition needs to wait for no fetch; with less it is hungry.
	enough = 256 << 10
	// most is what may wait for one partition.
	most = 4 << 20
)

// NewBudget returns a budget of so many bytes.
func NewBudget(maximum int64) *Budget { return &Budget{max: maximum} }

// Used is the bytes that wait.
func (b *Budget) Used() int64 { return b.used.Load() }

// share is what each partition may hold in any case.
func (b *Budget) share() int64 { return b.max / 2 / max(b.partitions.Load(), 1) }

// hungry reports whether a partition with so many bytes is in need of more.
func (b *Budget) hungry(bytes int) bool { return int64(bytes) <= min(enough, b.share()/2) }

// full reports whether a partition with so many bytes is to get no more.
func (b *Budget) full(bytes int) bool {
	return bytes > most || int64(bytes) > b.share() && b.used.Load() > b.max/2
}
