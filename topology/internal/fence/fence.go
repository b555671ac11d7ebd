// Package fence tells what a former owner of a partition wrote from what its present owner writes.
//
// A task is a processor at one partition. Each time that a member is assigned the partition the task gets a new epoch, greater than any
// before it, and every record that it writes to its changelog or to an internal stream carries both in a header. A producer cannot take
// back what it has handed to the network: a member that lost its partition may have records under way that arrive behind those of
// the new owner. Whoever reads such a log keeps the greatest epoch seen of each task and drops what comes behind it with a smaller one.
//
// A record without the header was written by somebody else, such as a plain Goka processor, and is never dropped.
package fence

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// HeaderKey is the key of the record header that holds a stamp.
const HeaderKey = "eddy-epoch"

// Task names the writer of a record.
type Task struct {
	Processor string
	Partition int32
}

// Stamp is a task and its epoch.
type Stamp struct {
	Task  Task
	Epoch int64 // positive
}

var errStamp = errors.New("header " + HeaderKey + " is not an epoch")

// Append appends the value of the header: the epoch, the partition (both as unsigned varints), the processor's name.
func (s Stamp) Append(buf []byte) []byte {
	buf = binary.AppendUvarint(buf, uint64(s.Epoch))
	buf = binary.AppendUvarint(buf, uint64(s.Task.Partition))
	return append(buf, s.Task.Processor...)
}

// Parse reads the value of the header.
func Parse(value []byte) (Stamp, error) {
	epoch, partition, name, err := parse(value)
	if err != nil {
		return Stamp{}, err
	}
	return Stamp{Task: Task{Processor: string(name), Partition: partition}, Epoch: epoch}, nil
}

// ParseEpoch reads the epoch alone, of a task of a partition. It does not allocate.
func ParseEpoch(value []byte, of int32) (int64, error) {
	epoch, partition, _, err := parse(value)
	if err == nil && partition != of {
		return 0, fmt.Errorf("%w of partition %d: it is of partition %d", errStamp, of, partition)
	}
	return epoch, err
}

// parse takes nothing for a stamp that cannot be one: whatever it took would count, and keep out what others write.
func parse(value []byte) (epoch int64, partition int32, name []byte, err error) {
	e, n := binary.Uvarint(value)
	if n <= 0 || e == 0 || e > maxEpoch {
		return 0, 0, nil, stampError(value)
	}
	p, m := binary.Uvarint(value[n:])
	if m <= 0 || p > 1<<31-1 {
		return 0, 0, nil, stampError(value)
	}
	if name = value[n+m:]; len(name) == 0 || len(name) > maxName {
		return 0, 0, nil, stampError(value)
	}
	for _, c := range name {
		if c <= ' ' || c > '~' {
			return 0, 0, nil, stampError(value)
		}
	}
	return int64(e), int32(p), name, nil
}

// maxEpoch is the greatest epoch that there can be: they begin with the Unix time in seconds, and grow by one with each assignment. One out of
// this world would keep out all that its task writes from then on.
const maxEpoch = 1 << 40

// maxName is the longest name of a processor.
const maxName = 249

func stampError(value []byte) error {
	return fmt.Errorf("%w: %x (%d bytes)", errStamp, value[:min(len(value), 32)], len(value))
}
