package faults

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

func written(offset int64, key, value string, epoch int64) entry {
	e := entry{offset: offset, key: key, epoch: epoch, writer: "w"}
	if value != "" {
		e.value = []byte(value)
	}
	return e
}

func texts(rows map[string][]byte) map[string]string {
	out := map[string]string{}
	for k, v := range rows {
		out[k] = string(v)
	}
	return out
}

// The fold has the last record of each key below the offset, none that was deleted, and none of a former epoch behind a later one;
// those of somebody without epochs count.
func TestFold(t *testing.T) {
	t.Parallel()
	log := []entry{
		written(0, "a", "1", 5), written(1, "b", "1", 5), written(2, "c", "1", 5), written(3, "b", "", 5),
		written(5, "a", "2", 6), written(6, "a", "late", 5), written(7, "c", "", 5), written(8, "d", "plain", 0), written(9, "a", "3", 6),
	}
	for until, want := range map[int64]map[string]string{
		2:             {"a": "1", "b": "1"},
		4:             {"a": "1", "c": "1"},
		9:             {"a": "2", "c": "1", "d": "plain"},
		math.MaxInt64: {"a": "3", "c": "1", "d": "plain"},
	} {
		if diff := cmp.Diff(want, texts(fold(log, until))); diff != "" {
			t.Errorf("below %d:\n%s", until, diff)
		}
	}
}

// Compaction keeps the last record of a key though it does not count, and so loses the one that does: the judge has to see that.
func TestCompactionOfALateRecord(t *testing.T) {
	t.Parallel()
	log := []entry{written(0, "a", "1", 6), written(1, "b", "1", 6), written(2, "a", "late", 5)}
	var lost Faults
	differ(&lost, "t/0", fold(log, math.MaxInt64), fold(compacted(log), math.MaxInt64))
	if want := []string{`t/0: "a" is missing`}; !cmp.Equal(lost.Lines, want) {
		t.Errorf("faults %q, want %q", lost.Lines, want)
	}
}

func TestEpochOf(t *testing.T) {
	t.Parallel()
	value := append(binary.AppendUvarint(nil, 300), "\x03links"...)
	epoch, writer, err := epochOf(&kgo.Record{Headers: []kgo.RecordHeader{{Key: "other"}, {Key: epochHeader, Value: value}}})
	if epoch != 300 || writer != "\x03links" || err != nil {
		t.Errorf("%d, %q, %v", epoch, writer, err)
	}
	if _, _, err := epochOf(&kgo.Record{Headers: []kgo.RecordHeader{{Key: epochHeader, Value: []byte{0xff}}}}); err == nil {
		t.Error("half a number is an epoch")
	}
}

// Repeats are a fault only where exactly-once was promised; all else is one always.
func TestVerdict(t *testing.T) {
	t.Parallel()
	var repeats Faults
	repeats.addf("page 1")
	if err := (&Verdict{Twice: repeats}).Err(); err != nil {
		t.Errorf("at least once: %v", err)
	}
	if err := (&Verdict{Twice: repeats, exactlyOnce: true}).Err(); err == nil {
		t.Error("exactly once: no error")
	}
	if err := (&Verdict{Stores: repeats}).Err(); err == nil {
		t.Error("a wrong row: no error")
	}
}
