package kernel

import (
	"errors"
	"fmt"
	"strings"
)

// ErrRowTooLarge is wrapped by the error of a row that no record could hold.
var ErrRowTooLarge = errors.New("the row is too large for a record")

// ProcessError is what stopped a processor, and at which record.
type ProcessError struct {
	Processor string
	// Topic, Partition and Offset are those of the input record. Where a write failed for a whole batch, Topic is the topic that was
	// written and Offset is -1.
	Topic     string
	Partition int32
	Offset    int64
	Packed    bool   // the record is a pack
	Index     int    // of the message in its pack, from 0 on
	Key       []byte // as it is in the log
	Err       error
}

// Error implements error.
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
		fmt.Fprintf(&at, ", key %q", e.Key)
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
