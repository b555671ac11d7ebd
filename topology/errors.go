package topology

import (
	"errors"

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
	// ErrRowTooLarge is wrapped by the error of a row that is larger, with its key, than Config.MaxRecordBytes. The text names table, row, size
	// and limit, and the record is that which wrote the row last; nothing of its batch is sent. What can grow so large is to be kept as many
	// rows, under one first part of a key ([codecs.PairOf]).
	ErrRowTooLarge = kernel.ErrRowTooLarge
	// ErrWrongProcessor is returned by a handle that is used with the record of another processor than the
	// one that declared it, or with a record that is not, or no longer, being processed.
	ErrWrongProcessor = errors.New("handle used in the wrong processor")
)

// ProcessError says which record stopped a processor, and why: Processor, Topic, Partition, Offset, in a pack (Packed) the Index of the
// message, Key as it is in the log, and Err. It is what [App.Run] returns when a handler, a codec or an output fails; after a
// restart the processor meets the same record again. Where a write failed for a whole batch, Topic is the topic that was written
// and Offset is -1.
type ProcessError = kernel.ProcessError
