package topology

import (
	"errors"
	"fmt"

	"github.com/eddystream/eddy/topology/internal/kernel"
)

var (
	// ErrInvalid is wrapped by every problem that [Builder.Build] reports, and by the error of a handle
	// that was declared after it.
	ErrInvalid = errors.New("invalid topology")
	// ErrDecode is wrapped by the error of a record or row that its codec cannot read. The text names
	// topic, partition and offset, in a pack also the index, and whether it is the key or the value.
	ErrDecode = errors.New("cannot decode")
	// ErrEncode is wrapped by the error of an emit or a write whose key or value its codec refuses. The
	// text names topic and key.
	ErrEncode = errors.New("cannot encode")
	// ErrWrongProcessor is returned by a handle that is used with the record of another processor than the
	// one that declared it, or with a record that is not, or no longer, being processed.
	ErrWrongProcessor = errors.New("handle used in the wrong processor")
)

// ProcessError says which record stopped a processor, and why. It is what [App.Run] returns when a handler,
// a codec or an output fails; after a restart the processor meets the same record again.
type ProcessError struct {
	Processor string
	Topic     string
	Partition int32
	Offset    int64
	Packed    bool   // the record is a pack
	Index     int    // of the message in its pack, from 0 on
	Key       []byte // as it is in the log
	Err       error
}

func (e *ProcessError) Error() string {
	m := kernel.Message{Topic: e.Topic, Partition: e.Partition, Offset: e.Offset, Packed: e.Packed, Index: e.Index}
	return fmt.Sprintf("processor %q: record %s, key %q: %v", e.Processor, m.Position(), e.Key, e.Err)
}

// Unwrap returns the cause.
func (e *ProcessError) Unwrap() error { return e.Err }
