package pack_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/pack"
)

var update = flag.Bool("update", false, "write golden files instead of comparing with them")

// everyKind is messages with all that a message can have or lack.
func everyKind() []kernel.Message {
	at := time.UnixMilli(1_767_225_600_123)
	return []kernel.Message{
		{Key: []byte("w:10:Infobox"), Value: []byte(head + "one"), Timestamp: at},
		{Key: []byte("w:10:Infobox_person"), Value: []byte(head), Timestamp: at},
		{Key: nil, Value: []byte("plain"), Timestamp: at.Add(-time.Hour)},
		{Key: []byte{}, Value: nil, Timestamp: at},
		{Key: []byte("k"), Value: []byte{}, Timestamp: time.UnixMilli(0)},
		{Key: []byte("other schema"), Value: []byte("\xc3\x01another!two"), Timestamp: time.Time{}},
		{Key: []byte("short"), Value: []byte("\xc3\x01"), Timestamp: at, Headers: []kernel.Header{
			{Key: "h", Value: []byte("1")}, {Key: "h", Value: nil}, {Key: "", Value: []byte{}},
		}},
		{Key: []byte("w:10:Infobox"), Value: []byte(head + "three"), Timestamp: at, Headers: []kernel.Header{{Key: "h", Value: []byte("2")}}},
	}
}

// unpacked is what messages are once they have been in a pack.
func unpacked(messages []kernel.Message) []kernel.Message {
	out := make([]kernel.Message, len(messages))
	for i, m := range messages {
		m.Packed, m.Index, m.Timestamp = true, i, time.UnixMilli(m.Timestamp.UnixMilli())
		out[i] = m
	}
	return out
}

func build(t testing.TB, messages []kernel.Message) []byte {
	t.Helper()
	var b pack.Builder
	if n := addAll(&b, messages); n != len(messages) || b.Len() != n {
		t.Fatalf("%d of %d messages were added, Len is %d", n, len(messages), b.Len())
	}
	body := b.AppendTo(nil)
	if len(body) != b.Size() {
		t.Fatalf("the body has %d bytes, Size said %d", len(body), b.Size())
	}
	return body
}

func TestMessagesComeBack(t *testing.T) {
	t.Parallel()
	messages := everyKind()
	// What is in dst stays before them.
	got, err := pack.Decode(build(t, messages), []kernel.Message{{Topic: "before"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(append([]kernel.Message{{Topic: "before"}}, unpacked(messages)...), got); diff != "" {
		t.Errorf("messages (-added +decoded):\n%s", diff)
	}
	for i, m := range got[1:] {
		if want := messages[i]; (m.Key == nil) != (want.Key == nil) || (m.Value == nil) != (want.Value == nil) {
			t.Errorf("message %d: nil and empty were confused: %#v", i, m)
		}
		if cap(m.Key) > len(m.Key) || cap(m.Value) > len(m.Value) || cap(m.Headers) > len(m.Headers) {
			t.Errorf("message %d: to append to it would overwrite its neighbour", i)
		}
	}
	if !got[6].Timestamp.IsZero() {
		t.Errorf("no time became %v", got[6].Timestamp)
	}
}

// The format of version 1 does not change: logs hold it.
func TestGolden(t *testing.T) {
	t.Parallel()
	path := filepath.Join("testdata", "v1.bin")
	body := build(t, everyKind())
	if *update {
		if err := os.WriteFile(path, body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(body, want) {
		t.Errorf("%s is no longer what is written:\n%q\nbut:\n%q", path, want, body)
	}
	got, err := pack.Decode(want, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(unpacked(everyKind()), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func drawMessages(t *rapid.T) []kernel.Message {
	data := rapid.SliceOfN(rapid.Byte(), 0, 12)
	maybe := rapid.OneOf(rapid.Just([]byte(nil)), data)
	value := rapid.OneOf(maybe, rapid.Map(rapid.SampledFrom([]string{head, "\xc3\x01another!"}), func(s string) []byte { return []byte(s + "v") }))
	when := rapid.OneOf(rapid.Int64Range(1_767_225_600_000, 1_767_225_600_002), rapid.Int64())
	header := rapid.Custom(func(t *rapid.T) kernel.Header {
		return kernel.Header{Key: rapid.StringN(0, 3, 8).Draw(t, "header"), Value: maybe.Draw(t, "header's value")}
	})
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) kernel.Message {
		m := kernel.Message{Key: maybe.Draw(t, "key"), Value: value.Draw(t, "value"), Timestamp: time.UnixMilli(when.Draw(t, "time"))}
		if rapid.IntRange(0, 3).Draw(t, "with headers") == 0 {
			m.Headers = rapid.SliceOfN(header, 1, 4).Draw(t, "headers")
		}
		return m
	}), 1, 40).Draw(t, "messages")
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	var b pack.Builder // one for all, reset in between
	rapid.Check(t, func(rt *rapid.T) {
		messages := drawMessages(rt)
		b.Reset()
		if n := addAll(&b, messages); n != len(messages) {
			rt.Fatalf("%d of %d were added", n, len(messages))
		}
		body := b.AppendTo(nil)
		if len(body) != b.Size() {
			rt.Fatalf("%d bytes, Size said %d", len(body), b.Size())
		}
		got, err := pack.Decode(body, nil)
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(unpacked(messages), got); diff != "" {
			rt.Fatalf("messages (-added +decoded):\n%s", diff)
		}
	})
}

// What was added may be overwritten, and what was built is the caller's.
func TestBuilderCopies(t *testing.T) {
	t.Parallel()
	key, value, header := []byte("key"), []byte(head+"value"), []byte("header")
	var b pack.Builder
	for range 2 {
		b.Add(key, value, time.UnixMilli(1), []kernel.Header{{Key: "h", Value: header}})
	}
	for _, data := range [][]byte{key, value, header} {
		clear(data)
	}
	record := b.Record()
	b.Reset()
	b.Add([]byte("another key"), []byte("another value"), time.UnixMilli(2), nil)
	got, err := pack.Decode(record.Value, nil)
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	for _, m := range got {
		if string(m.Key) != "key" || string(m.Value) != head+"value" || string(m.Headers[0].Value) != "header" {
			t.Errorf("message %q %q %q", m.Key, m.Value, m.Headers[0].Value)
		}
	}
}

func TestPackIsBounded(t *testing.T) {
	t.Parallel()
	var b pack.Builder
	n := 0
	for b.Add([]byte("key"), []byte(strings.Repeat("v", 40)), time.UnixMilli(int64(n)), []kernel.Header{{Key: "h"}}) {
		n++
	}
	if size := b.Size(); size > pack.MaxBytes || size < pack.MaxBytes-300 || b.Len() != n {
		t.Errorf("a full pack has %d messages in %d bytes, Len is %d", n, size, b.Len())
	}
	small := pack.Builder{Limit: 1000}
	for range 2 {
		small.Reset()
		for full := false; !full; {
			full = !small.Add([]byte("key"), make([]byte, 40), time.UnixMilli(0), nil)
		}
		if size := small.Size(); size > 1000 || size < 700 {
			t.Errorf("a pack with a limit of 1000 bytes has %d", size)
		}
	}
	// Whatever a message has too much of, it does not go into a pack with others, and what was refused leaves nothing.
	large := make([]byte, pack.MaxBytes)
	for _, m := range []kernel.Message{{Key: large}, {Value: large}, {Headers: []kernel.Header{{Key: string(large)}}}, {Headers: []kernel.Header{{Value: large}}}} {
		b.Reset()
		b.Add(nil, []byte("small"), time.UnixMilli(7), nil)
		before := b.AppendTo(nil)
		if b.Add(m.Key, m.Value, m.Timestamp, m.Headers) || !bytes.Equal(before, b.AppendTo(nil)) {
			t.Error("a message that is too large was added, or left something")
		}
		b.Reset()
		if !b.Add(m.Key, m.Value, m.Timestamp, m.Headers) || b.Size() <= pack.MaxBytes {
			t.Error("an empty builder refuses a large message")
		}
		if b.Add(nil, nil, time.UnixMilli(0), nil) {
			t.Error("another message was added behind a large one")
		}
	}
}

func TestNoMessages(t *testing.T) {
	t.Parallel()
	var b pack.Builder
	if r := b.Record(); b.Len() != 0 || b.Size() != 0 || len(b.AppendTo(nil)) != 0 || r.Value != nil || r.Headers != nil {
		t.Errorf("a builder without messages has %d bytes, record %v", b.Size(), r)
	}
}

// The values of a pack are one allocation, whatever their number, and its headers another.
func TestDecodeAllocates(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	messages := typical(1000)
	body := build(t, messages)
	dst := make([]kernel.Message, 0, len(messages))
	decode := func() {
		if _, err := pack.Decode(body, dst); err != nil {
			t.Error(err)
		}
	}
	if n := testing.AllocsPerRun(10, decode); n > 1 {
		t.Errorf("%v allocations for a pack", n)
	}
	for i := range messages {
		messages[i].Headers = []kernel.Header{{Key: "trace", Value: []byte("x")}}
	}
	body = build(t, messages)
	if n := testing.AllocsPerRun(10, decode); n > 4 { // values, headers, the key "trace", the list of known keys
		t.Errorf("%v allocations for a pack with headers", n)
	}
}
