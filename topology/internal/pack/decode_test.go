package pack_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eddystream/eddy/topology/internal/kernel"
	"github.com/eddystream/eddy/topology/internal/pack"
)

func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	const huge = "\xff\xff\xff\xff\x07"
	prefixed := "\x01\x01\x00\x00\x0b" + head // one entry, restored to 11 bytes
	for _, test := range []struct{ name, body, want string }{
		{"nothing", "", "head, byte 0: the version needs 1 bytes, and 0 are left"},
		{"version", "\x02\x01\x00\x00\x00", "head, byte 0: version 2 is not known, only 1"},
		{"only a version", "\x01", "head, byte 1: the count is no number"},
		{"no entries", "\x01\x00\x00\x00\x00", "head, byte 5: there are no entries"},
		{"absurd count", "\x01" + huge + "\x00\x00\x00\x03", "head, byte 9: 2147483647 entries cannot be in 1 bytes"},
		{"count of 64 bits", "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\x00\x03", "head, byte 1: the count is no number"},
		{"overlong count", "\x01" + strings.Repeat("\xff", 12), "head, byte 1: the count is no number"},
		{"no time", "\x01\x01\x80", "head, byte 2: the time is no number"},
		{"absurd headers", "\x01\x01\x00" + huge + "\x00\x03", "head, byte 9: 2147483647 headers cannot be in 1 bytes"},
		{"absurd values", "\x01\x01\x00\x00" + huge + head + "\x03", "head, byte 19: 2147483647 bytes of values cannot come of 1 entries in 1 bytes"},
		{"prefix cut off", "\x01\x01\x00\x00\x0b\xc3\x01", "head, byte 5: the prefix needs 10 bytes, and 2 are left"},
		{"unknown flags", "\x01\x02\x00\x00\x00\x03\x43", "entry 1, byte 6: flags 0x43 are not known, only 0x1f"},
		{"time cut off", "\x01\x01\x00\x00\x00\x10", "entry 0, byte 6: the time is no number"},
		{"no length of the key", "\x01\x01\x00\x00\x00\x00", "entry 0, byte 6: the length of the key is no number"},
		{"key cut off", "\x01\x01\x00\x00\x00\x00\x05ab", "entry 0, byte 7: the key needs 5 bytes, and 2 are left"},
		{"absurd value", "\x01\x01\x00\x00\x00\x01" + huge, "entry 0, byte 11: the value needs 2147483647 bytes, and 0 are left"},
		{"entry missing", "\x01\x02\x00\x00\x00\x01\x00", ""},
		{"left over", "\x01\x01\x00\x00\x00\x03\x03", "entry 0, byte 6: 1 bytes are left over"},
		{"prefix of none", "\x01\x01\x00\x00\x00\x05\x00", "entry 0, byte 7: values with the prefix have more than the 0 bytes that the head says"},
		{"prefix of more", prefixed + "\x05\x02ab", "entry 0, byte 19: values with the prefix have more than the 11 bytes that the head says"},
		{"prefix of less", prefixed + "\x05\x00", "entry 0, byte 17: values with the prefix have 10 bytes, and not the 11 that the head says"},
		{"prefix of a tombstone", prefixed + "\x07", "entry 0, byte 16: a tombstone has no prefix"},
		{"no headers", "\x01\x01\x00\x00\x00\x0b\x00", "entry 0, byte 7: 0 headers cannot be in 0 bytes"},
		{"absurd headers of an entry", "\x01\x01\x00\x01\x00\x0b" + huge + "\x00", "entry 0, byte 11: 2147483647 headers cannot be in 1 bytes"},
		{"header cut off", "\x01\x01\x00\x01\x00\x0b\x01\x01h", "entry 0, byte 9: the presence of a header's value needs 1 bytes, and 0 are left"},
		{"header's value", "\x01\x01\x00\x01\x00\x0b\x01\x01h\x02", "entry 0, byte 9: the presence of a header's value is 2, not 0 or 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			before := []kernel.Message{{Topic: "before"}}
			got, err := pack.Decode([]byte(test.body), before)
			if test.want == "" {
				test.want = "entry 1, byte 7: the byte of flags needs 1 bytes, and 0 are left"
			}
			if !errors.Is(err, pack.ErrDecode) || err.Error() != "cannot read pack: "+test.want {
				t.Errorf("Decode of %q:\n%v, want\n%s", test.body, err, test.want)
			}
			if diff := cmp.Diff(before, got); diff != "" {
				t.Errorf("dst changed:\n%s", diff)
			}
		})
	}
}

// Each cut of a body is an error, and so is each byte behind it.
func TestCutBodies(t *testing.T) {
	t.Parallel()
	body := build(t, everyKind())
	for n := range body {
		if _, err := pack.Decode(body[:n], nil); !errors.Is(err, pack.ErrDecode) {
			t.Errorf("%d of %d bytes: %v", n, len(body), err)
		}
	}
	if _, err := pack.Decode(append(body, 0), nil); !errors.Is(err, pack.ErrDecode) {
		t.Errorf("a byte too many: %v", err)
	}
}

// What a body claims costs no memory until it is there.
func TestClaimsCostNothing(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	body := make([]byte, 100, 1<<20)
	n := copy(body, "\x01")
	n += binary.PutUvarint(body[n:], 1<<20-200) // entries
	body[n] = 0
	n++
	n += binary.PutUvarint(body[n:], 1<<19) // headers
	body = append(body[:n+1], make([]byte, 1<<20-200)...)
	body[n+1] = 0xff // flags of the first entry
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := pack.Decode(body, nil)
	runtime.ReadMemStats(&after)
	if want := "cannot read pack: entry 0, byte 9: flags 0xff are not known, only 0x1f"; err == nil || err.Error() != want {
		t.Fatalf("Decode: %v, want %s", err, want)
	}
	if bytes := after.TotalAlloc - before.TotalAlloc; bytes > 4<<20 {
		t.Errorf("%d bytes for a body of %d that is wrong at once", bytes, len(body))
	}
}

// Whatever the bytes, Decode returns, and what it returns can be packed again with the same outcome.
func FuzzDecode(f *testing.F) {
	golden, err := os.ReadFile(filepath.Join("testdata", "v1.bin"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add([]byte("\x01\x02\x00\x00\x00\x03\x43"))
	f.Fuzz(func(t *testing.T, body []byte) {
		messages, err := pack.Decode(body, nil)
		if err != nil {
			if !errors.Is(err, pack.ErrDecode) || messages != nil {
				t.Fatal(messages, err)
			}
			return
		}
		var b pack.Builder
		if addAll(&b, messages) < len(messages) {
			t.Skip("more than a builder takes")
		}
		again, err := pack.Decode(b.AppendTo(nil), nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(messages, again); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
	})
}
