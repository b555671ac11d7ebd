package fence

import (
	"encoding/binary"
	"encoding/hex"
)

// TopicID tells a topic from another one that had its name before or has it afterwards. The zero value is not known.
type TopicID [16]byte

// String is the id in hexadecimal digits, "unknown" for the zero value.
func (id TopicID) String() string {
	if id == (TopicID{}) {
		return "unknown"
	}
	return hex.EncodeToString(id[:])
}

// Log is a partition of a changelog as its owner has met it: what was there cannot be less later, unless something was lost.
type Log struct {
	Topic TopicID
	Start int64 // the first offset
	Next  int64 // one past the last record that is known to be in it
}

// Mark says what a committed offset stands on.
type Mark struct {
	// Input is the topic that the offset is of.
	Input TopicID
	// Changelogs are the logs of the task's tables, by topic. They go with the offset: a table that is read to less than this lacks what
	// the records below the offset have done.
	Changelogs map[string]Log
}

// The parts of a mark that a text has.
const (
	hasInput = 1 << iota
	hasChangelogs
)

// append spells a mark: which parts it has, then the parts.
func (m *Mark) append(buf []byte) []byte {
	var parts byte
	if m.Input != (TopicID{}) {
		parts |= hasInput
	}
	if len(m.Changelogs) > 0 {
		parts |= hasChangelogs
	}
	buf = append(buf, parts)
	if parts&hasInput != 0 {
		buf = append(buf, m.Input[:]...)
	}
	if parts&hasChangelogs != 0 {
		buf = binary.AppendUvarint(buf, uint64(len(m.Changelogs)))
		for _, topic := range sorted(m.Changelogs) {
			l := m.Changelogs[topic]
			buf = binary.AppendUvarint(buf, uint64(len(topic)))
			buf = append(buf, topic...)
			buf = append(buf, l.Topic[:]...)
			buf = binary.AppendUvarint(buf, uint64(l.Start))
			buf = binary.AppendUvarint(buf, uint64(l.Next))
		}
	}
	return buf
}

// parseMark reads what append spelled.
func parseMark(in *varints) (m Mark) {
	parts := in.bytes(1)
	if in.bad {
		return m
	}
	if parts[0]&^(hasInput|hasChangelogs) != 0 {
		in.bad = true
		return m
	}
	if parts[0]&hasInput != 0 {
		copy(m.Input[:], in.bytes(uint64(len(m.Input))))
	}
	if parts[0]&hasChangelogs != 0 {
		for n := in.next(); n > 0 && !in.bad; n-- {
			topic := string(in.bytes(in.next()))
			var l Log
			copy(l.Topic[:], in.bytes(uint64(len(l.Topic))))
			l.Start, l.Next = int64(in.next()), int64(in.next())
			if m.Changelogs == nil {
				m.Changelogs = map[string]Log{}
			}
			m.Changelogs[topic] = l
		}
	}
	return m
}
