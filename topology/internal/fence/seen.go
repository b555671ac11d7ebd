package fence

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
)

// Seen is the greatest epoch of each task that wrote to a partition. It belongs to the reader of the partition, who commits it with
// its offset. The zero value has seen none. It is not safe for concurrent use.
type Seen struct {
	epochs map[Task]int64
	// Mark is what the offset stands on that is committed with it.
	Mark Mark
}

// Admit reports whether a record with the stamp counts, and remembers its epoch. One of a smaller epoch than the greatest seen does not.
func (s *Seen) Admit(stamp Stamp) bool {
	greatest := s.epochs[stamp.Task]
	switch {
	case stamp.Epoch < greatest:
		return false
	case stamp.Epoch > greatest:
		if s.epochs == nil {
			s.epochs = map[Task]int64{}
		}
		s.epochs[stamp.Task] = stamp.Epoch
	}
	return true
}

// Epoch is the greatest epoch seen of a task; 0 if there was none.
func (s *Seen) Epoch(t Task) int64 { return s.epochs[t] }

// StreamClock stands for the stream time of a reader, in milliseconds since 1970: the greatest that it has seen. No task has such a name.
var StreamClock = Task{Processor: "@stream-time"}

// Forget forgets a task.
func (s *Seen) Forget(t Task) { delete(s.epochs, t) }

// Len is the number of tasks.
func (s *Seen) Len() int { return len(s.epochs) }

// Count is the number of tasks that match.
func (s *Seen) Count(match func(Task) bool) int {
	n := 0
	for t := range s.epochs {
		if match(t) {
			n++
		}
	}
	return n
}

// MaxText is the longest text that [Seen.Text] may give: what brokers take as metadata of an offset by default
// (offset.metadata.max.bytes). It holds some 800 tasks: every partition of the processors that write to a partition.
const MaxText = 4096

// ErrTooMany says that more tasks write to a partition than a reader can remember.
var ErrTooMany = errors.New("too many tasks write to the partition")

// Text spells the epochs and the mark for the metadata of a committed offset: base64 without padding of a version byte, the mark, then for
// each processor, in the order of names, the length of its name, the name, the number of its tasks, its smallest epoch, and for each task its
// partition and what its epoch is above the smallest, all as unsigned varints. The error is [ErrTooMany].
func (s *Seen) Text() (string, error) {
	tasks := slices.SortedFunc(maps.Keys(s.epochs), func(a, b Task) int {
		return cmp.Or(cmp.Compare(a.Processor, b.Processor), cmp.Compare(a.Partition, b.Partition))
	})
	buf := s.Mark.append([]byte{seenVersion})
	for len(tasks) > 0 {
		name := tasks[0].Processor
		n := 1
		least := s.epochs[tasks[0]]
		for ; n < len(tasks) && tasks[n].Processor == name; n++ {
			least = min(least, s.epochs[tasks[n]])
		}
		buf = binary.AppendUvarint(buf, uint64(len(name)))
		buf = append(buf, name...)
		buf = binary.AppendUvarint(buf, uint64(n))
		buf = binary.AppendUvarint(buf, uint64(least))
		for _, t := range tasks[:n] {
			buf = binary.AppendUvarint(buf, uint64(t.Partition))
			buf = binary.AppendUvarint(buf, uint64(s.epochs[t]-least))
		}
		tasks = tasks[n:]
	}
	text := base64.RawStdEncoding.EncodeToString(buf)
	if len(text) > MaxText {
		return "", fmt.Errorf("%w: %d of them take %d bytes of at most %d", ErrTooMany, len(s.epochs), len(text), MaxText)
	}
	return text, nil
}

// The versions of the text. The first had no mark.
const (
	seenWithoutMark = 1
	seenVersion     = 2
)

var errSeen = errors.New("metadata of the offset are no epochs")

// ParseSeen reads what [Seen.Text] spelled. An empty text has seen none.
func ParseSeen(text string) (Seen, error) {
	var s Seen
	if text == "" {
		return s, nil
	}
	data, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(data) == 0 || data[0] != seenVersion && data[0] != seenWithoutMark {
		return s, fmt.Errorf("%w: %.64q", errSeen, text)
	}
	in := varints{data: data[1:]}
	if data[0] == seenVersion {
		s.Mark = parseMark(&in)
	}
	for len(in.data) > 0 && !in.bad {
		name := string(in.bytes(in.next()))
		n, least := in.next(), in.next()
		for ; n > 0 && !in.bad; n-- {
			partition, above := in.next(), in.next()
			if partition > math.MaxInt32 || least+above > maxVarint {
				in.bad = true
				break
			}
			s.Admit(Stamp{Task: Task{Processor: name, Partition: int32(partition)}, Epoch: int64(least + above)})
		}
	}
	if in.bad {
		return Seen{}, fmt.Errorf("%w: %.64q", errSeen, text)
	}
	return s, nil
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// maxVarint is the greatest number in a text.
const maxVarint = 1 << 62

// varints reads unsigned varints; after an error it gives zeros.
type varints struct {
	data []byte
	bad  bool
}

func (v *varints) next() uint64 {
	x, n := binary.Uvarint(v.data)
	if n <= 0 || x > maxVarint {
		v.bad, v.data = true, nil
		return 0
	}
	v.data = v.data[n:]
	return x
}

func (v *varints) bytes(n uint64) []byte {
	if n > uint64(len(v.data)) {
		v.bad, v.data = true, nil
		return nil
	}
	b := v.data[:n]
	v.data = v.data[n:]
	return b
}
