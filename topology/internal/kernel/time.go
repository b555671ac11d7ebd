package kernel

import (
	"fmt"
	"math"
	"time"
)

// Clock is what timers go by.
type Clock int

const (
	// StreamTime is what the records say: the greatest timestamp that a task has processed.
	StreamTime Clock = iota
	// WallClock is the time of the process.
	WallClock
)

// String is "stream time" or "wall clock".
func (c Clock) String() string {
	switch c {
	case StreamTime:
		return "stream time"
	case WallClock:
		return "wall clock"
	}
	return fmt.Sprintf("Clock(%d)", int(c))
}

// Timers are the timers of a processor, at most one for each key. They are state: their table has the times by key.
type Timers struct {
	// Table says where they are. Its Encode and Decode are not used.
	Table *Table
	Clock Clock
	// Index is their place in their processor's Timers.
	Index int
	// Handle is called for each timer that fires, with its key and its time as those of a message of the table's topic.
	Handle Handler
}

// Schedule is the timers of the partition that a handler works on.
type Schedule interface {
	// Get returns when the timer of a key fires, and whether there is one.
	Get(key []byte) (at time.Time, ok bool, err error)
	// Set has the timer of a key fire at a time, instead of when it would have. A key that is hashed to another partition is an error.
	Set(key []byte, at time.Time) error
	// Cancel takes the timer of a key away, if there is one.
	Cancel(key []byte) error
}

// Punctuation is a handler that is called on the wall clock, at every partition, with the time as that of a message without a topic.
type Punctuation struct {
	Interval time.Duration
	Handle   Handler
}

// MaxTime is the last time that timers and stream time can have: the last that the client can give to a record. What is beyond, or before
// 1970, counts as the nearest that they can have.
var MaxTime = time.Unix(0, math.MaxInt64).Truncate(time.Millisecond)
