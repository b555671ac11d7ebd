package kernel

import (
	"fmt"
	"strings"
)

// ProcessError is what stopped a processor, and at which record.
type ProcessError struct {
	Processor string
	// Topic, Partition and Offset are those of the input record; Index is its place in a pack, -1 where the record is none. Where a
	// write failed for a whole batch, Topic is the topic that was written and Offset is -1.
	Topic     string
	Partition int32
	Offset    int64
	Index     int
	Key       []byte // as it is in the log
	Err       error
}

// Error implements error.
func (e *ProcessError) Error() string {
	var at strings.Builder
	fmt.Fprintf(&at, "processor %q", e.Processor)
	if e.Topic != "" {
		fmt.Fprintf(&at, ", topic %q partition %d", e.Topic, e.Partition)
		if e.Offset >= 0 {
			fmt.Fprintf(&at, " offset %d", e.Offset)
			if e.Index >= 0 {
				fmt.Fprintf(&at, " index %d", e.Index)
			}
		}
	}
	if e.Key != nil {
		fmt.Fprintf(&at, " key %q", e.Key)
	}
	return fmt.Sprintf("%s: %v", at.String(), e.Err)
}

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
