package pack_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/pack"
)

// received is the record that a consumer gets for what a builder made.
func received(m kernel.Message) *kgo.Record {
	r := &kgo.Record{Topic: "t", Partition: 3, Offset: 17, Key: m.Key, Value: m.Value, Timestamp: m.Timestamp}
	for _, h := range m.Headers {
		r.Headers = append(r.Headers, kgo.RecordHeader(h))
	}
	return r
}

func TestRecordOfMany(t *testing.T) {
	t.Parallel()
	var b pack.Builder
	sent := everyKind()
	addAll(&b, sent)
	record := b.Record()
	if record.Key != nil || !record.Timestamp.Equal(sent[0].Timestamp) {
		t.Errorf("key %q, time %v, want none and the newest, %v", record.Key, record.Timestamp, sent[0].Timestamp)
	}
	r := received(record)
	r.Headers = append(r.Headers, kgo.RecordHeader{Key: "of the record", Value: []byte("x")})
	got, err := pack.Messages(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := unpacked(sent)
	for i := range want {
		want[i].Topic, want[i].Partition, want[i].Offset = "t", 3, 17
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-sent +received):\n%s", diff)
	}
	if p := got[2].Position(); p != `"t"[3]@17#2` {
		t.Errorf("position %s", p)
	}
}

func TestRecordOfOne(t *testing.T) {
	t.Parallel()
	for _, m := range everyKind() {
		var b pack.Builder
		b.Add(m.Key, m.Value, m.Timestamp, m.Headers)
		want := m
		want.Timestamp = time.UnixMilli(m.Timestamp.UnixMilli())
		alone := b.Record()
		if diff := cmp.Diff(want, alone); diff != "" {
			t.Errorf("a lone message is not its own record (-want +got):\n%s", diff)
		}
		got, err := pack.Messages(received(alone), nil)
		if err != nil {
			t.Fatal(err)
		}
		want.Topic, want.Partition, want.Offset = "t", 3, 17
		if diff := cmp.Diff([]kernel.Message{want}, got); diff != "" {
			t.Errorf("messages (-sent +received):\n%s", diff)
		}
		if p := got[0].Position(); p != `"t"[3]@17` {
			t.Errorf("position %s", p)
		}
	}
}

// The framework's own headers are no message's.
func TestReservedHeaders(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"eddy-pack", "eddy-epoch"} {
		if !pack.Reserved(key) {
			t.Errorf("%q is not reserved", key)
		}
	}
	r := received(kernel.Message{Value: []byte("v"), Headers: []kernel.Header{{Key: "eddy-epoch", Value: []byte("x")}, {Key: "mine", Value: []byte("y")}}})
	got, err := pack.Messages(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]kernel.Header{{Key: "mine", Value: []byte("y")}}, got[0].Headers); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	r.Headers = r.Headers[:1]
	if got, err = pack.Messages(r, nil); err != nil || got[0].Headers != nil {
		t.Errorf("headers %v, %v", got[0].Headers, err)
	}
}

func TestDamagedPackIsNamed(t *testing.T) {
	t.Parallel()
	before := []kernel.Message{{Topic: "before"}}
	for value, want := range map[string]string{
		"\x01\x02\x00\x00\x00\x03\x43": `record "t"[3]@17: cannot read pack: entry 1, byte 6: flags 0x43 are not known, only 0x1f`,
		"":                             `record "t"[3]@17: cannot read pack: head, byte 0: the version needs 1 bytes, and 0 are left`,
	} {
		got, err := pack.Messages(received(kernel.Message{Value: []byte(value), Headers: []kernel.Header{{Key: pack.HeaderKey, Value: []byte("1")}}}), before)
		if !errors.Is(err, pack.ErrDecode) || err.Error() != want || len(got) != 1 {
			t.Errorf("Messages = %v, %v", got, err)
		}
	}
}
