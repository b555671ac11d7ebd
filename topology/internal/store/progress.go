package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Progress is how far a table has applied its changelog partition. It is written with the rows, in one batch.
type Progress struct {
	// Next is the offset that comes next, one past the last record applied.
	Next int64
	// Epoch is the greatest epoch of a record below Next, 0 if none had one. A record behind it with a smaller epoch does not count.
	Epoch int64
	// AsOf is a time at which the table had all that the partition had, to the millisecond; zero if that is not known. What a load
	// that stops half-way applies does not renew it: tombstones further on may since have been removed.
	AsOf time.Time
	// StaleFrom is the offset of the first record that was dropped for its epoch and may still be the last of its key in the log;
	// 0 if there is none. Compaction would keep such a record and remove the one that counts, until the owner writes the row anew.
	StaleFrom int64
	// StaleEpoch is the greatest epoch of a record below StaleFrom.
	StaleEpoch int64
}

var errProgress = errors.New("bytes are no progress")

// encodeProgress: Next and the milliseconds of AsOf since 1970 (0 for the zero time), 8 bytes each, big-endian; then Epoch, StaleFrom and
// StaleEpoch as unsigned varints.
func encodeProgress(p Progress) []byte {
	buf := binary.BigEndian.AppendUint64(nil, uint64(p.Next))
	var ms int64
	if !p.AsOf.IsZero() {
		ms = p.AsOf.UnixMilli()
	}
	buf = binary.BigEndian.AppendUint64(buf, uint64(ms))
	for _, n := range []int64{p.Epoch, p.StaleFrom, p.StaleEpoch} {
		buf = binary.AppendUvarint(buf, uint64(n))
	}
	return buf
}

func decodeProgress(data []byte) (Progress, error) {
	if len(data) < 16 {
		return Progress{}, fmt.Errorf("%w: %x", errProgress, data)
	}
	p := Progress{Next: int64(binary.BigEndian.Uint64(data))}
	if ms := int64(binary.BigEndian.Uint64(data[8:])); ms != 0 {
		p.AsOf = time.UnixMilli(ms)
	}
	rest := data[16:]
	for _, into := range []*int64{&p.Epoch, &p.StaleFrom, &p.StaleEpoch} {
		n, size := binary.Uvarint(rest)
		if size <= 0 {
			return Progress{}, fmt.Errorf("%w: %x", errProgress, data)
		}
		*into, rest = int64(n), rest[size:]
	}
	if len(rest) > 0 {
		return Progress{}, fmt.Errorf("%w: %x", errProgress, data)
	}
	return p, nil
}

// SetProgress sets how far the table has applied its changelog.
func (b *Batch) SetProgress(t *Table, p Progress) {
	b.did(b.writes.set(b.compose(spaceProgress, t, nil), encodeProgress(p)))
}

// Progress returns how far the table has applied its changelog, and whether that was ever set.
func (t *Table) Progress() (Progress, bool, error) {
	value, ok, err := t.lookup(spaceProgress, nil)
	if err != nil || !ok {
		return Progress{}, false, err
	}
	p, err := decodeProgress(value)
	if err != nil {
		return Progress{}, false, fmt.Errorf("progress of table %q: %w", t.name, err)
	}
	return p, true, nil
}

// Offset is the Next of the table's progress.
func (t *Table) Offset() (next int64, ok bool, err error) {
	p, ok, err := t.Progress()
	return p.Next, ok, err
}
