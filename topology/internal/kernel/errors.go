package kernel

import (
	"fmt"
	"strings"
	"time"

	"github.com/eddystream/eddy/codecs"
)

// ProcessError is a record that could not be processed, or what else stopped a processor.
type ProcessError struct {
	Processor string
	// Phase is what was being done with the record.
	Phase Phase
	// Topic, Partition and Offset are those of the input record. Where a write failed for a whole batch, Topic is the topic that was
	// written and Offset is -1.
	Topic     string
	Partition int32
	Offset    int64
	Packed    bool   // the record is a pack
	Index     int    // of the message in its pack, from 0 on
	Key       []byte // as it is in the log
	// Due is the time of a timer whose handler failed; then Topic is that of the timers and Offset is -1. It is zero for all else.
	Due time.Time
	Err error
}

// shownError is how much [ProcessError.Error] repeats of an error, in bytes.
const shownError = 8 << 10

// Error implements error. Long keys and errors are cut.
func (e *ProcessError) Error() string {
	var at strings.Builder
	fmt.Fprintf(&at, "processor %q", e.Processor)
	switch m := (Message{Topic: e.Topic, Partition: e.Partition, Offset: e.Offset, Packed: e.Packed, Index: e.Index}); {
	case e.Topic == "":
	case e.Offset < 0:
		fmt.Fprintf(&at, ": topic %q partition %d", e.Topic, e.Partition)
	default:
		fmt.Fprintf(&at, ": record %s", m.Position())
	}
	if e.Key != nil {
		fmt.Fprintf(&at, ", key %s", Quote(e.Key))
	}
	return fmt.Sprintf("%s: %s", at.String(), Cut(fmt.Sprint(e.Err), shownError))
}

// Quote is a key as errors show it: quoted, and cut if it is long.
func Quote(key []byte) string { return codecs.Quote(key) }

// Unwrap returns the cause.
func (e *ProcessError) Unwrap() error { return e.Err }

// SendError is a record that was not acknowledged.
type SendError struct {
	Topic     string
	Partition int32
	Err       error
}

// Error implements error.
func (e *SendError) Error() string {
	return fmt.Sprintf("send to topic %q partition %d: %v", e.Topic, e.Partition, e.Err)
}

// Unwrap returns the cause.
func (e *SendError) Unwrap() error { return e.Err }
