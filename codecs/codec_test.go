package codecs_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/eddystream/eddy/codecs"
)

type name string

// roundTrip checks that what a codec writes it reads, and that it writes something even for nothing.
func roundTrip[T any](t *rapid.T, c codecs.Codec[T], value T, equal func(a, b T) bool) {
	data, err := c.Encode(value)
	if err != nil {
		t.Fatalf("encode %v: %v", value, err)
	}
	if data == nil {
		t.Fatalf("encode %v: nil, which is a tombstone", value)
	}
	got, err := c.Decode(data)
	if err != nil {
		t.Fatalf("decode %x: %v", data, err)
	}
	if !equal(got, value) {
		t.Fatalf("got %v, want %v", got, value)
	}
}

func same[T comparable](a, b T) bool { return a == b }

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		roundTrip(t, codecs.String[name](), name(rapid.String().Draw(t, "string")), same)
		roundTrip(t, codecs.Bytes(), rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"), bytes.Equal)
		roundTrip(t, codecs.Int64(), rapid.Int64().Draw(t, "int64"), same)
		roundTrip(t, codecs.Int32(), rapid.Int32().Draw(t, "int32"), same)
		roundTrip(t, codecs.Uint64(), rapid.Uint64().Draw(t, "uint64"), same)
		roundTrip(t, codecs.JSON[point](), point{rapid.String().Draw(t, "name"), rapid.Int().Draw(t, "x")}, same)
	})
}

type point struct {
	Name string
	X    int
}

func TestIntegersAreKafkas(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value int64
		want  string
	}{
		{0, "\x00\x00\x00\x00\x00\x00\x00\x00"},
		{1, "\x00\x00\x00\x00\x00\x00\x00\x01"},
		{-2, "\xff\xff\xff\xff\xff\xff\xff\xfe"},
		{math.MaxInt64, "\x7f\xff\xff\xff\xff\xff\xff\xff"},
	} {
		if got, _ := codecs.Int64().Encode(c.value); string(got) != c.want {
			t.Errorf("%d is %x, want %x", c.value, got, c.want)
		}
	}
	for _, data := range []string{"", "1234567", "123456789"} {
		if v, err := codecs.Int64().Decode([]byte(data)); err == nil {
			t.Errorf("%q is %d, want an error", data, v)
		}
		if v, err := codecs.Uint64().Decode([]byte(data)); err == nil {
			t.Errorf("%q is %d, want an error", data, v)
		}
		if v, err := codecs.Int32().Decode([]byte(data)); err == nil {
			t.Errorf("%q is %d, want an error", data, v)
		}
	}
}

func TestEncodeDoesNotKeepItsArgument(t *testing.T) {
	t.Parallel()
	value := []byte("abc")
	data, err := codecs.Bytes().Encode(value)
	if err != nil {
		t.Fatal(err)
	}
	value[0] = 'x'
	if string(data) != "abc" {
		t.Errorf("the encoded value became %q", data)
	}
}

func TestJSONIsReadable(t *testing.T) {
	t.Parallel()
	data, err := codecs.JSON[point]().Encode(point{"<a & b>", 1})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"Name":"<a & b>","X":1}`; string(data) != want {
		t.Errorf("got %s, want %s", data, want)
	}
	for _, text := range []string{"", `{"Name":1}`, `{"Name":"a"} {}`, `[`} {
		if v, err := codecs.JSON[point]().Decode([]byte(text)); err == nil {
			t.Errorf("%q is %v, want an error", text, v)
		}
	}
}

// angry is a type whose own methods panic.
type angry struct{}

func (angry) MarshalJSON() ([]byte, error)  { panic("no") }
func (*angry) UnmarshalJSON(_ []byte) error { panic("no") }

func TestJSONNeverPanics(t *testing.T) {
	t.Parallel()
	if _, err := codecs.JSON[angry]().Encode(angry{}); err == nil || !strings.Contains(err.Error(), "panic") {
		t.Errorf("encode: %v, want an error that tells of the panic", err)
	}
	if _, err := codecs.JSON[angry]().Decode([]byte("{}")); err == nil || !strings.Contains(err.Error(), "panic") {
		t.Errorf("decode: %v, want an error that tells of the panic", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"Name":"a","X":1}`))
	f.Add([]byte("12345678"))
	f.Fuzz(func(t *testing.T, data []byte) {
		again(t, codecs.String[name](), data, true)
		again(t, codecs.Bytes(), data, true)
		again(t, codecs.Int64(), data, true)
		again(t, codecs.Int32(), data, true)
		again(t, codecs.Uint64(), data, true)
		again(t, codecs.JSON[map[string]any](), data, false)
	})
}

// again checks that what can be read can be written, to the same bytes where a value has one spelling only.
func again[T any](t *testing.T, c codecs.Codec[T], data []byte, one bool) {
	value, err := c.Decode(data)
	if err != nil {
		return
	}
	got, err := c.Encode(value)
	if err != nil {
		t.Fatalf("%T: encode %v: %v", c, value, err)
	}
	if one && !bytes.Equal(got, data) {
		t.Fatalf("%T: %x was read and written as %x", c, data, got)
	}
	if _, err := c.Decode(got); err != nil {
		t.Fatalf("%T: decode %x: %v", c, got, err)
	}
}
