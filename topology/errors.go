package topology

import (
	"errors"

	"github.com/eddystream/eddy/topology/internal/cluster"
	"github.com/eddystream/eddy/topology/internal/engine"
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
	// ErrNoKey is returned by a write of the row of a record that has no key.
	ErrNoKey = errors.New("the record has no key")
	// ErrTooLarge is wrapped by the error of a row, with its key, or of a record that is emitted, with its headers, that is larger than
	// Config.MaxRecordBytes. Nothing of it is sent. What can grow so large is to be kept as many rows, under one first part of a key
	// ([codecs.PairOf]).
	ErrTooLarge = engine.ErrTooLarge
	// ErrOffsetLost is wrapped by the error of a processor whose input does not have the offset that comes next: the records were deleted
	// before they were read, or the topic was cut or made anew. See [OnLostOffset]. The other processors go on.
	ErrOffsetLost = engine.ErrOffsetLost
	// ErrStateMissing is wrapped by the error of a start whose state is gone: a group has committed offsets that stand on a table or a stream
	// that does not exist, was made anew or is shorter than it was. Nothing was changed. See [Reset] and [RestoreTables].
	ErrStateMissing = cluster.ErrStateMissing
	// ErrTopicChanged is wrapped by the error of an app, or a view, one of whose topics got more partitions, was made anew or deleted.
	ErrTopicChanged = cluster.ErrTopicChanged
	// ErrNoTopic is wrapped by the error of a topic that does not exist.
	ErrNoTopic = cluster.ErrNoTopic
	// ErrWrongProcessor is returned by a handle that is used with the record of another processor than the
	// one that declared it, or with a record that is not, or no longer, being processed.
	ErrWrongProcessor = errors.New("handle used in the wrong processor")
)

// ProcessError says which record stopped a processor, and why: Processor, Topic, Partition, Offset, in a pack (Packed) the Index of the
// message, Key as it is in the log, and Err. It is what [App.Run] returns when a handler, a codec or an output fails; after a
// restart the processor meets the same record again. Where a write failed for a whole batch, Topic is the topic that was written
// and Offset is -1.
type ProcessError = kernel.ProcessError
