package deadletter

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/eddystream/eddy/topology/internal/fence"
	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/pack"
)

// The keys of the headers that a dead letter has beside those of its record.
const (
	keyProcessor = prefix + "processor"
	keyGroup     = prefix + "group"
	keyTopic     = prefix + "topic"
	keyPartition = prefix + "partition"
	keyOffset    = prefix + "offset"
	keyIndex     = prefix + "index" // where the record was a pack
	keyPhase     = prefix + "phase"
	keyError     = prefix + "error"
	keyFailed    = prefix + "time"
	keyTimestamp = prefix + "timestamp" // of the record
	keyCut       = prefix + "cut"       // what the record had in bytes, where it was too large to be kept
	keyTable     = prefix + "table"     // it is a row
	keyReplayed  = pack.ReplayedKey
	kept         = prefix + "kept." // before the key of a header that would be taken for one of the framework's

	prefix = "eddy-dlq-"
	ours   = "eddy-"
)

// Bounds of what is kept.
const (
	// MaxBytes is how large a record of the topic may be: larger than in other topics, which have it from.
	MaxBytes = 4 << 20
	// errorBytes is how much is kept of an error's text.
	errorBytes = 2 << 10
	// headBytes is how much is kept of the key, and of the value, of a record that is too large.
	headBytes = 16 << 10
	// room is left for the headers of the letter itself.
	room = 16 << 10
)

// Letter is a record that was given up, and why.
type Letter struct {
	// Processor and Group gave it up.
	Processor, Group string
	Topic            string
	Partition        int32
	Offset           int64 // -1: of a timer that fired
	Packed           bool
	Index            int // in its pack
	Phase            kernel.Phase
	Error            string
	Failed           time.Time

	Key, Value []byte
	Timestamp  time.Time
	Headers    []kernel.Header
	// Cut is the size of a record of which only the beginning is kept; 0: all of it is.
	Cut int
	// Table says that it is a row of a table that could not be read, or a timer that fired, and not a record that was to be processed.
	Table bool
	// Replayed is how often the record was sent again before.
	Replayed int
}

// Of is the letter of a message that a processor gave up at a time.
func Of(m *kernel.Message, e *kernel.ProcessError, group string, now time.Time, maxBytes int) *Letter {
	l := &Letter{
		Processor: e.Processor, Group: group, Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Packed: m.Packed, Index: m.Index,
		Phase: e.Phase, Error: kernel.Cut(reason(e.Err), errorBytes), Failed: now, Key: m.Key, Value: m.Value, Timestamp: m.Timestamp,
	}
	for _, h := range m.Headers {
		switch h.Key {
		case keyReplayed:
			l.Replayed, _ = strconv.Atoi(string(h.Value))
		case pack.ForKey:
		default:
			l.Headers = append(l.Headers, h)
		}
	}
	l.cut(maxBytes - room)
	return l
}

// reason is an error without the stack of a panic.
func reason(err error) string {
	if p, ok := errors.AsType[interface {
		error
		Reason() string
	}](err); ok {
		return p.Reason()
	}
	return fmt.Sprint(err)
}

// cut keeps the beginning of a record that is larger than a letter may be.
func (l *Letter) cut(limit int) {
	size := len(l.Key) + len(l.Value)
	for _, h := range l.Headers {
		size += len(h.Key) + len(h.Value) + headerOverhead
	}
	if size <= limit {
		return
	}
	l.Cut = size
	l.Key, l.Value = head(l.Key), head(l.Value)
	l.Headers = nil
}

// headerOverhead is what a header takes beside its key and value, about.
const headerOverhead = 24

func head(data []byte) []byte {
	if len(data) <= headBytes {
		return data
	}
	return data[:headBytes:headBytes]
}

// Record is the letter as it is written; topic and partition are the caller's to set.
func (l *Letter) Record() kernel.Message {
	m := kernel.Message{Key: l.Key, Value: l.Value, Timestamp: l.Failed}
	add := func(key, value string) { m.Headers = append(m.Headers, kernel.Header{Key: key, Value: []byte(value)}) }
	for _, h := range l.Headers {
		if strings.HasPrefix(h.Key, ours) {
			h.Key = kept + h.Key
		}
		m.Headers = append(m.Headers, h)
	}
	add(keyProcessor, l.Processor)
	add(keyGroup, l.Group)
	add(keyTopic, l.Topic)
	add(keyPartition, strconv.Itoa(int(l.Partition)))
	add(keyOffset, strconv.FormatInt(l.Offset, 10))
	if l.Packed {
		add(keyIndex, strconv.Itoa(l.Index))
	}
	add(keyPhase, l.Phase.String())
	add(keyError, l.Error)
	add(keyFailed, l.Failed.UTC().Format(time.RFC3339Nano))
	add(keyTimestamp, strconv.FormatInt(l.Timestamp.UnixMilli(), 10))
	if l.Cut > 0 {
		add(keyCut, strconv.Itoa(l.Cut))
	}
	if l.Table {
		add(keyTable, "")
	}
	if l.Replayed > 0 {
		add(keyReplayed, strconv.Itoa(l.Replayed))
	}
	return m
}

// ErrNoLetter is returned by [Parse] for a record that is no dead letter.
var ErrNoLetter = errors.New("not a dead letter")

// Parse reads a letter from a record of the topic.
func Parse(m *kernel.Message) (*Letter, error) {
	l := &Letter{Key: m.Key, Value: m.Value, Topic: "", Offset: -1}
	var errs []error
	number := func(h kernel.Header, bits int) int64 {
		n, err := strconv.ParseInt(string(h.Value), 10, bits)
		if err != nil {
			errs = append(errs, fmt.Errorf("header %q: %w", h.Key, err))
		}
		return n
	}
	for _, h := range m.Headers {
		switch h.Key {
		case keyProcessor:
			l.Processor = string(h.Value)
		case keyGroup:
			l.Group = string(h.Value)
		case keyTopic:
			l.Topic = string(h.Value)
		case keyPartition:
			l.Partition = int32(number(h, 32))
		case keyOffset:
			l.Offset = number(h, 64)
		case keyIndex:
			l.Packed, l.Index = true, int(number(h, 32))
		case keyPhase:
			var err error
			l.Phase, err = kernel.ParsePhase(string(h.Value))
			errs = append(errs, err)
		case keyError:
			l.Error = string(h.Value)
		case keyFailed:
			var err error
			l.Failed, err = time.Parse(time.RFC3339Nano, string(h.Value))
			errs = append(errs, err)
		case keyTimestamp:
			l.Timestamp = time.UnixMilli(number(h, 64))
		case keyTable:
			l.Table = true
		case keyCut:
			l.Cut = int(number(h, 64))
		case keyReplayed:
			l.Replayed = int(number(h, 32))
		default:
			l.Headers = append(l.Headers, kernel.Header{Key: strings.TrimPrefix(h.Key, kept), Value: h.Value})
		}
	}
	if l.Topic == "" || l.Processor == "" || l.Offset < 0 && !l.Table {
		return nil, ErrNoLetter
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoLetter, err)
	}
	return l, nil
}

// Replay is the record that is sent to the letter's topic once more. It is for the group that gave it up, and passed over by others of
// Eddy's. It is nobody's epoch: who sends it is no task.
func (l *Letter) Replay() kernel.Message {
	m := kernel.Message{Topic: l.Topic, Partition: l.Partition, Key: l.Key, Value: l.Value, Timestamp: l.Timestamp}
	for _, h := range l.Headers {
		if h.Key != fence.HeaderKey {
			m.Headers = append(m.Headers, h)
		}
	}
	m.Headers = append(m.Headers,
		kernel.Header{Key: keyReplayed, Value: []byte(strconv.Itoa(l.Replayed + 1))},
		kernel.Header{Key: pack.ForKey, Value: []byte(l.Group)},
	)
	return m
}

// Source names the record that was given up. A batch that is processed again gives up the same record again.
type Source struct {
	Group, Topic string
	Partition    int32
	Offset       int64
	Packed       bool
	Index        int
	Timer        string // the key and the time of one that fired
}

// Source is where the letter's record was, and for whom.
func (l *Letter) Source() Source {
	s := Source{Group: l.Group, Topic: l.Topic, Partition: l.Partition, Offset: l.Offset, Packed: l.Packed, Index: l.Index}
	if l.Offset < 0 {
		s.Timer = fmt.Sprintf("%s@%d", l.Key, l.Timestamp.UnixMilli())
	}
	return s
}
